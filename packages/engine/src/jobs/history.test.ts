// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { onBehalfOf } from '../asker.js';
import { JobHistory } from './history.js';
import { Jobs } from './jobs.js';

const web = { record: { name: 'web', uuid: 'u1' } };

function fileFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-jobs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'jobs.json');
}

const opened = async (path: string) =>
  new Jobs(
    () => undefined,
    () => false,
    await JobHistory.open(path),
  );

test('what has ended is known to the next daemon, with who asked for it', async (t) => {
  const path = fileFor(t);
  const first = await opened(path);
  await onBehalfOf(
    () => 'somebody',
    () => first.run({ template: 'debian' }, 'import', async () => undefined),
  );
  await assert.rejects(first.run(web, 'backup', () => Promise.reject(new Error('no room'))));
  await first.close();
  const next = await opened(path);
  assert.deepEqual(
    next
      .list()
      .map(({ kind, domain, template, state, error, by }) => [kind, domain, template, state, error, by]),
    [
      ['backup', 'web', null, 'failed', 'no room', null],
      ['import', null, 'debian', 'done', null, 'somebody'],
    ],
  );
  assert.equal(next.lastOf('u1')?.kind, 'backup');
});

test('what was under way when the daemon was killed has failed', async (t) => {
  const path = fileFor(t);
  const first = await opened(path);
  const killed = new AbortController();
  const going = first.run(
    web,
    'move',
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('end')))),
    { signal: killed.signal },
  );
  // It is written a moment after it has begun.
  let [job] = (await opened(path)).list();
  for (let tries = 0; job === undefined && tries < 3000; tries++, await sleep(20))
    [job] = (await opened(path)).list();
  assert.deepEqual(
    [job?.state, job?.error, job?.endedAt === null],
    ['failed', 'the daemon ended in the middle of it', false],
  );
  killed.abort();
  await assert.rejects(going);
});

test('an end is known to the next daemon before anybody hears of it', async (t) => {
  const path = fileFor(t);
  const jobs = await opened(path);
  const known: unknown[] = [];
  jobs.watch(({ id, state }) => {
    if (state === 'running') return;
    const { jobs } = JSON.parse(readFileSync(path, 'utf8'));
    known.push(jobs.find((one: { id: string }) => one.id === id)?.state === state);
  });
  const stateOf = async (template: string): Promise<string | undefined> =>
    (await opened(path)).list().find((job) => job.template === template)?.state;
  await jobs.run({ template: 'one' }, 'import', async () => undefined);
  assert.equal(await stateOf('one'), 'done');
  await assert.rejects(jobs.run({ template: 'two' }, 'import', () => Promise.reject(new Error('no'))));
  assert.equal(await stateOf('two'), 'failed');
  // Many at once share what is written, and each is listed once at each moment.
  const many = Array.from({ length: 50 }, (_, at) =>
    jobs.run({ template: `m${at}` }, 'import', async () => undefined),
  );
  await Promise.all(many);
  const listed = jobs.list().map(({ id }) => id);
  assert.equal(new Set(listed).size, 52);
  assert.deepEqual(
    known,
    Array.from({ length: 52 }, () => true),
  );
});

test('two hundred are known, and a damaged file is as none', async (t) => {
  const path = fileFor(t);
  const first = await opened(path);
  for (let at = 0; at < 250; at++) await first.run({ template: `t${at}` }, 'import', async () => undefined);
  await first.close();
  assert.equal(JSON.parse(readFileSync(path, 'utf8')).jobs.length, 200);
  assert.equal((await opened(path)).list()[0]?.template, 't249');
  writeFileSync(path, '{"jobs":[{"id":5}');
  assert.deepEqual((await opened(path)).list(), []);
  writeFileSync(path, '{"jobs":[{"id":5}, null, 3]}');
  assert.deepEqual((await opened(path)).list(), []);
});

test('who watches hears of each when it begins, gets on and ends', async () => {
  const jobs = new Jobs(() => undefined);
  const heard: string[] = [];
  const stop = jobs.watch(({ kind, state, progress, percent }) =>
    heard.push(`${kind} ${state} ${progress?.phase ?? '-'} ${percent ?? '-'}`),
  );
  await jobs.run({ repository: 'main' }, 'prune', async ({ onProgress }) => {
    onProgress({ phase: 'look', done: 1 });
    onProgress({ phase: 'copy', done: 1, total: 4 });
    onProgress({ phase: 'copy', done: 2, total: 4 });
  });
  stop();
  await jobs.run(web, 'export', async () => undefined);
  assert.deepEqual(heard, [
    'prune running - -',
    'prune running look -',
    'prune running copy 25',
    'prune done copy 50',
  ]);
});

test('any is ended by its id, and only while it is under way', async () => {
  const jobs = new Jobs(() => undefined);
  const going = jobs.run(
    { template: 'big' },
    'import',
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('end')))),
  );
  const [job] = jobs.list();
  assert.ok(job);
  assert.equal(jobs.cancel(job.id).state, 'running');
  await assert.rejects(going, /^EngineError: import of template 'big': interrupted; nothing was kept$/);
  assert.equal(jobs.show(job.id).state, 'cancelled');
  assert.throws(() => jobs.cancel(job.id), { code: 'wrong-state' });
  assert.throws(() => jobs.show('none'), { code: 'not-found' });
});
