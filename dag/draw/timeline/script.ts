// The few lines of script of a timeline's page: a row under the pointer shows what it came after; a button leaves the
// critical path alone. Without script the page says the same. Its hash stands in the page's own policy, so that nothing
// that came in with the data could ever run.

export const pageScript = `
const picture = document.querySelector('svg.heddle-timeline');
const rows = new Map([...picture.querySelectorAll('.row')].map((row) => [row.dataset.node, row]));
for (const row of rows.values()) {
  row.addEventListener('pointerenter', () => {
    const seen = new Set();
    for (let one = row; one && !seen.has(one); one = rows.get(one.dataset.after)) seen.add(one);
    for (const one of seen) one.classList.add('traced');
    picture.classList.add('tracing');
  });
  row.addEventListener('pointerleave', () => {
    picture.classList.remove('tracing');
    for (const one of rows.values()) one.classList.remove('traced');
  });
}
const button = document.querySelector('#only-critical');
button.hidden = false;
button.addEventListener('click', () => {
  button.setAttribute('aria-pressed', picture.classList.toggle('only-critical'));
});
`;

/** SHA-256 of the script, base64, as a content security policy names it. */
export const pageScriptHash = 'lBjl8/smpY9PosCnVe5AIiJrE6DnxsZt0IoiZ8la5h4=';
