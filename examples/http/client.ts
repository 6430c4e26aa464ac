// Any HTTP client will do; this is Node's fetch.

const base = `${process.argv[2] ?? 'http://127.0.0.1:7080'}/shop.Items`;

async function show(path: string, init?: RequestInit): Promise<void> {
  const answer = await fetch(`${base}/${path}`, init);
  console.log(answer.status, await answer.text());
}

const put = (item: object, headers: Record<string, string>): RequestInit => {
  return { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(item) };
};

await show('get?id=lamp');
await show('search?text=A&limit=1');
await show('get?id=sofa');
await show('put', put({ id: 'sofa', name: 'Sofa', cents: 99_900 }, {}));
await show('put', put({ id: 'sofa', name: 'Sofa', cents: 99_900 }, { 'heddle-meta-clerk': 'ada' }));
await show('put', put({ id: 'sofa', name: '', cents: -1 }, { 'heddle-meta-clerk': 'ada' }));
