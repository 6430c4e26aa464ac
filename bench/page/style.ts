// pageStyle: what the page of a run looks like: by day, by night, on paper.

export const pageStyle = `
:root {
  color-scheme: light dark;
  --ink: #1f2328; --soft: #59636e; --ground: #ffffff; --card: #f6f8fa; --line: #d1d9e0;
  --own: #0b7a57; --peer: #9aa7b4; --met: #0b7a57; --missed: #b3371c; --open: #7a6400;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e8eb; --soft: #9aa4ae; --ground: #0f1318; --card: #171d24; --line: #313a45;
    --own: #3fbf91; --peer: #66727f; --met: #3fbf91; --missed: #f0795c; --open: #d9b93b;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 1240px; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 8px; font-size: 26px; }
h2 { margin: 48px 0 8px; padding-top: 16px; border-top: 1px solid var(--line); font-size: 21px; }
code { font: 13px ui-monospace, monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0 0 16px; }
dt, .method, .note { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; }
a { color: inherit; }
.warning { padding: 8px 12px; border-left: 4px solid var(--missed); background: var(--card); }
.goals { margin: 8px 0 16px; padding: 0; list-style: none; }
.goals li { display: flex; gap: 10px; align-items: baseline; margin: 3px 0; }
.badge { flex: none; width: 62px; border-radius: 4px; color: var(--ground); font-size: 12px; font-weight: 600; text-align: center; }
.met .badge { background: var(--met); } .missed .badge { background: var(--missed); } .open .badge { background: var(--open); }
.ratio { flex: none; width: 62px; font-variant-numeric: tabular-nums; text-align: right; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); gap: 16px; margin: 16px 0; }
figure { margin: 0; padding: 12px; border-radius: 8px; background: var(--card); }
figure svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg, svg text { fill: var(--ink); }
svg .title { font-size: 13px; font-weight: 600; }
svg .tick { fill: var(--soft); }
svg .grid, svg line[stroke='#ddd'] { stroke: var(--line); }
svg .figure { font-variant-numeric: tabular-nums; }
svg .own .bar { fill: var(--own); } svg .peer .bar { fill: var(--peer); } svg .mark { fill: var(--soft); }
svg .own .name { font-weight: 600; }
svg .whisker { fill: none; stroke: var(--ink); stroke-width: 1.2; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.method { max-width: 90ch; font-size: 14px; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --ground: #fff; --card: #fff; --line: #bbb;
    --own: #0b7a57; --peer: #9aa7b4; --met: #0b7a57; --missed: #b3371c; --open: #7a6400; }
  body { max-width: none; padding: 0; font-size: 11px; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  nav { display: none; }
  figure, tr, .goals li { break-inside: avoid; }
  h2 { break-after: avoid; }
  .plots { grid-template-columns: 1fr 1fr; }
  .table { overflow: visible; } table { font-size: 9px; }
}
`;
