// movies.Search: films for a text. What it does stands in strategies/search.yaml; the functions of its nodes in steps.ts.

import { implement, strategyMethod } from 'heddle';
import { Search } from './contract.ts';

export default implement(Search, { search: strategyMethod('movies.search') });
