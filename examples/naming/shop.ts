// The shop knows the stock by its contract; where it is stands in heddle.yaml.

import { implement } from 'heddle';
import { Shop, Stock } from './contract.ts';

export default implement(Shop, {
  async offer({ item }, fiber) {
    const { count, from } = await fiber.call(Stock.count, { item });
    return { offer: `${count} of ${item}`, from };
  },
});
