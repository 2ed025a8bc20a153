// Jobs: one at a time for each domain, told of, ended by whoever may, and the last one remembered.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Progress } from '@ctvirt/api';
import type { Watched } from '../contract.js';
import { EngineError, isFault } from '../errors.js';
import { KeyedQueue } from '../state/queue.js';
import { Jobs } from './jobs.js';
import { inTurnOfJob } from './waits.js';

const web = { record: { name: 'web', uuid: 'u1' } };
const db = { record: { name: 'db', uuid: 'u2' } };

/** Work that goes on until it is let go or told to end. */
function held() {
  const told: Job[] = [];
  const jobs = new Jobs((job) => told.push(job));
  let letGo = (): void => undefined;
  const working: Required<Watched>[] = [];
  const work = (watched: Required<Watched>) =>
    new Promise<string>((resolve, reject) => {
      working.push(watched);
      letGo = () => resolve('made');
      watched.signal.addEventListener('abort', () => reject(new Error('killed')));
    });
  return { jobs, told, work, working, end: () => letGo() };
}

test('a domain has one job at a time, and the second hears of the first', async () => {
  const { jobs, told, work, working, end } = held();
  const seen: unknown[] = [];
  const first = jobs.run(web, 'export', work, { onProgress: (progress) => void seen.push(progress) });
  working[0]?.onProgress({ phase: 'pack', done: 41, total: 100 });
  assert.deepEqual(seen, [{ phase: 'pack', done: 41, total: 100 }]);
  await assert.rejects(
    jobs.run(web, 'backup', work),
    (error) =>
      isFault(error, 'in-use') && /'web' has a job, export, since 20.*: pack 41 %;/.test(error.message),
  );
  assert.equal(jobs.of('u1')?.state, 'running');
  assert.equal(jobs.lastOf('u1'), undefined);
  assert.equal(await jobs.run(db, 'backup', async () => 'beside it'), 'beside it');
  end();
  assert.equal(await first, 'made');
  assert.equal(jobs.of('u1'), undefined);
  assert.equal(jobs.lastOf('u1')?.state, 'done');
  assert.notEqual(jobs.lastOf('u1')?.endedAt, null);
  assert.deepEqual(
    told.map(({ domain, kind, state }) => `${domain} ${kind} ${state}`),
    ['web export running', 'db backup running', 'db backup done', 'web export done'],
  );
});

test('a job stands in the list once, at each moment of its end', async () => {
  const { jobs } = held();
  const done = jobs.run(web, 'export', async () => 'made');
  const counts = new Set<number>();
  for (let moment = 0; moment < 200; moment++) {
    counts.add(jobs.list().length);
    await null;
  }
  assert.equal(await done, 'made');
  assert.deepEqual([...counts], [1]);
  assert.equal(jobs.list()[0]?.state, 'done');
});

test('what fails is remembered with its error, and the next one may begin', async () => {
  const { jobs } = held();
  await assert.rejects(
    jobs.run(web, 'move', () => Promise.reject(new Error('no way'))),
    /no way/,
  );
  const { state, error } = jobs.lastOf('u1') ?? {};
  assert.deepEqual([state, error], ['failed', 'no way']);
  await jobs.run(web, 'export', async () => undefined);
  assert.deepEqual(
    jobs.list().map(({ kind, state: how }) => `${kind} ${how}`),
    ['export done', 'move failed'],
  );
  jobs.forget('u1');
  assert.equal(jobs.lastOf('u1'), undefined);
});

test('one ends when it is told to, or when who asked for it leaves, or the daemon', async () => {
  const { jobs, work } = held();
  const told = jobs.run(web, 'export', work);
  assert.equal(jobs.abort('u1')?.state, 'running');
  const words = /export of domain 'web': interrupted; nothing was kept$/;
  await assert.rejects(told, (error) => isFault(error, 'interrupted') && words.test(error.message));
  assert.deepEqual(
    [jobs.lastOf('u1')?.state, jobs.lastOf('u1')?.error],
    ['cancelled', 'interrupted; nothing was kept'],
  );
  assert.equal(jobs.abort('u1'), undefined);

  const leaving = new AbortController();
  const left = jobs.run(web, 'export', work, { signal: leaving.signal });
  leaving.abort();
  await assert.rejects(left, words);
  assert.equal(jobs.lastOf('u1')?.state, 'cancelled');

  const closed = assert.rejects(jobs.run(web, 'export', work), words);
  await jobs.close();
  assert.equal(jobs.of('u1'), undefined);
  await closed;
});

test('a move or a revert that is told to end too late has failed of what it failed of', async () => {
  const { jobs } = held();
  for (const [kind, error, state] of [
    ['move', new EngineError('timeout', 'it does not answer'), 'failed'],
    ['move', new EngineError('host-command', 'tar was ended by SIGKILL'), 'cancelled'],
    ['revert', new EngineError('no-space', 'it does not start'), 'failed'],
    ['revert', new DOMException('This operation was aborted', 'AbortError'), 'cancelled'],
  ] as const) {
    const ended = jobs.run(web, kind, async () => {
      jobs.abort('u1');
      throw error;
    });
    await assert.rejects(ended);
    const { state: found, error: told } = jobs.lastOf('u1') ?? {};
    assert.equal(found, state);
    assert.match(told ?? '', state === 'failed' ? new RegExp(error.message) : /^interrupted; the domain /);
  }
});

test('how long what is left takes is told once it is known how fast it goes', async () => {
  const { jobs } = held();
  const seen: Progress[] = [];
  let tookMs = 0;
  await jobs.run(
    web,
    'clone',
    async ({ onProgress }) => {
      const began = performance.now();
      for (const done of [10, 20]) onProgress({ phase: 'copy', done, total: 100 });
      await sleep(1100);
      onProgress({ phase: 'copy', done: 60, total: 100 });
      tookMs = performance.now() - began;
      onProgress({ phase: 'pack', done: 60, total: 100 });
      onProgress({ phase: 'copy', done: 60 });
    },
    { onProgress: (progress) => void seen.push(progress) },
  );
  const [first, second, third, ...others] = seen.map(({ leftMs }) => leftMs);
  assert.deepEqual([first, second, ...others], [undefined, undefined, undefined, undefined]);
  // Fifty of a hundred have taken that, or the last forty, and forty are left.
  assert.ok(third !== undefined && third >= 0.7 * 1100 && third < 1.1 * tookMs, `${third} of ${tookMs}`);
});

test('a domain that is renamed meanwhile has its job by its new name', async () => {
  const { jobs, work, end } = held();
  const entry = { record: { name: 'old', uuid: 'u3' } };
  const job = jobs.run(entry, 'backup', work);
  entry.record = { name: 'new', uuid: 'u3' };
  assert.equal(jobs.of('u3')?.domain, 'new');
  end();
  await job;
});

test('how long a job waits for its turn is told apart, as it waits and afterwards, of it alone', async () => {
  const jobs = new Jobs(() => undefined);
  const queue = new KeyedQueue();
  let letGo = (): void => undefined;
  const ahead = queue.run('web', () => new Promise<void>((resolve) => (letGo = resolve)));
  const job = jobs.run(web, 'snapshot', async () => {
    await Promise.all(['web', 'web'].map((key) => inTurnOfJob(queue, key, () => sleep(30))));
    // What others do because of it is none of its waits.
    await queue.run('web', () => sleep(1));
  });
  await sleep(120);
  const waiting = jobs.of('u1') ?? assert.fail();
  assert.ok(waiting.waitedMs >= 110 && waiting.waitedMs <= waiting.elapsedMs, JSON.stringify(waiting));
  letGo();
  await Promise.all([ahead, job]);
  const ended = jobs.lastOf('u1') ?? assert.fail();
  assert.ok(ended.waitedMs >= 140 && ended.elapsedMs - ended.waitedMs >= 25, JSON.stringify(ended));
  const failing = async (): Promise<never> => {
    await sleep(40);
    throw new Error('no');
  };
  for (const work of [() => sleep(40), failing]) {
    await jobs.run(db, 'snapshot', () => inTurnOfJob(queue, 'db', work)).catch(() => undefined);
    const { elapsedMs, waitedMs } = jobs.lastOf('u2') ?? assert.fail();
    assert.ok(elapsedMs - waitedMs >= 35, `${waitedMs} of ${elapsedMs}`);
  }
});
