// Nothing of a document is dropped without a word, and the page says so.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { base } from './hints.js';
import { keptPlaces } from './kept.js';
import { formatHonoured } from './reference.js';
import { judge, judgeAll } from './verdicts.js';

const page = new URL('../../../../docs/reference/honoured.md', import.meta.url);
const judged = judgeAll();

test('every place of the schema is obeyed, remarked, refused, or kept for a reason', async () => {
  const all = await judged;
  const of = (verdict: string): string[] =>
    all
      .filter((one) => one.verdict === verdict)
      .map(({ path, why }) => (why === undefined ? path : `${path}: ${why}`));
  assert.deepEqual(
    of('dropped'),
    [],
    'obey it, remark it (lifecycle/remarks) or say why it is kept (honoured/kept.ts)',
  );
  assert.deepEqual(of('untried'), [], 'give it values that make documents (honoured/hints.ts)');
  assert.ok(of('obeyed').length > 150 && of('remarked').length > 300, 'fewer than ever');
});

test('no reason is given for what is obeyed or remarked, nor for what is not there', async () => {
  const kept = (await judged).filter(({ verdict }) => verdict === 'kept').map(({ path }) => path);
  for (const { paths } of keptPlaces)
    assert.ok(
      kept.some((path) => paths.test(path)),
      String(paths),
    );
});

test('what was dropped once is obeyed', async () => {
  const verdicts = new Map((await judged).map(({ path, verdict }) => [path, verdict]));
  for (const path of [
    'devices/filesystem[ram]/source/@options',
    'devices/filesystem[bind]/source/@options',
    'devices/interface[bridge]/route/@metric',
    'devices/interface[bridge]/route/@gateway',
    'devices/hostdev[misc]/source/char',
  ])
    assert.equal(verdicts.get(path), 'obeyed', path);
  assert.equal(verdicts.get('devices/interface[direct]/bandwidth/inbound/@average'), 'remarked');
  assert.equal(verdicts.get('devices/filesystem[volume]/source/@pool'), 'refused');
});

test('a place that changes nothing is found, and one that does', async () => {
  const place = { path: 'teapot', xpath: '/domain/teapot', doc: '', isLive: false };
  const models = [undefined, 1].map((value) => ({ value, model: base }));
  assert.equal((await judge({ ...place, models })).verdict, 'dropped');
  const other = { value: 2, model: { ...base, hostname: 'other' } };
  assert.equal((await judge({ ...place, models: [...models, other] })).verdict, 'obeyed');
  const bad = { value: 1, model: { ...base, devices: {} } };
  assert.equal((await judge({ ...place, models: [bad] })).verdict, 'untried');
});

test('the reference page is as it would be written now', async () => {
  assert.equal(readFileSync(page, 'utf8'), await formatHonoured(), 'run npm run gen');
});
