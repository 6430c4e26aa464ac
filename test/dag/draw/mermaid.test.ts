import test from 'ava';
import { drawMermaid } from '../../../dag/draw/mermaid.ts';
import { expression, node, small, strategy } from './world.ts';

test('a graph is a flowchart', (t) => {
  t.is(
    drawMermaid(small),
    `flowchart TD
  request(["request"]):::requestBox
  n_profile["<b>profile</b><br/>call Users/get"]:::callBox
  n_recall["<b>recall</b><br/>run recall"]:::runBox
  n_extra["<b>extra</b><br/>call Extra/find<br/><small>when params.useExtra</small>"]:::callBox
  n_rank["<b>rank</b><br/>run rank in pool rank"]:::runBox
  n_light["<b>light</b><br/>run light"]:::runBox
  output(["output"]):::outputBox
  request --> n_profile
  n_profile --> n_recall
  request --> n_extra
  n_recall --> n_rank
  n_extra -.-> n_rank
  n_recall --> n_light
  n_rank --> output
  n_light -.->|"light"| n_rank
  linkStyle 4 stroke-dasharray:6 4
  linkStyle 7 stroke-dasharray:1 4
  classDef requestBox fill:#27313f,stroke:#27313f,color:#ffffff
  classDef callBox fill:#dcebfb,stroke:#2b6cb8,color:#12233a
  classDef runBox fill:#d8f2e6,stroke:#0a7d5a,color:#0c2a20
  classDef outputBox fill:#27313f,stroke:#27313f,color:#ffffff
`,
  );
});

test('what Mermaid or HTML could take for their own is written as entities', (t) => {
  const value = expression('a["x"] < 1 && `b` #c; {$$} %%{init}%%');
  const line = drawMermaid(strategy([node('end', { work: { kind: 'value', value } })], ['end'])).split('\n')[1];
  t.is(
    line,
    '  n_end["<b>end</b><br/>= a#91;#34;x#34;#93; #60; 1 #38;#38; #96;b#96; #35;c#59; #123;#36;#36;#125; #37;#37;#123;init#125;#37;#37;"]:::valueBox',
  );
});
