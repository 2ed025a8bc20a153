// Accounts over plain files in both cgroup worlds: what is remembered, and what is never invented.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageSize } from '../../../host/syscalls.js';
import { Account, parseAccount } from './account.js';
import type { Census } from './census.js';
import { Readings } from './readings.js';
import { sourcesOf } from './sources.js';
import { Tidings } from './tidings.js';

type Files = Readonly<Record<string, string>>;

const readings = (version: 1 | 2, files: Files, census?: Census): Readings =>
  new Readings({
    group: (controller, file) => files[`${version === 2 ? '/unified' : `/${controller}`}/${file}`] ?? '',
    census,
  });
const mib = 2 ** 20;
const census: Census = {
  files: 30,
  terminals: 1,
  signals: 0,
  locks: 0,
  tcpSockets: 3,
  uncounted: 0,
  otherSockets: 9,
};
const v1 = (more: Files = {}, counted = census): Readings =>
  readings(
    1,
    {
      '/memory/memory.usage_in_bytes': `${10 * mib}\n`,
      '/memory/memory.max_usage_in_bytes': `${64 * mib}\n`,
      '/memory/memory.memsw.usage_in_bytes': `${14 * mib}\n`,
      '/memory/memory.memsw.max_usage_in_bytes': `${70 * mib}\n`,
      '/memory/memory.stat': `total_rss ${3 * mib}\ntotal_swap ${4 * mib}\ntotal_shmem 0\ntotal_unevictable 4096\n`,
      '/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
      '/pids/pids.current': '5\n',
      '/pids/pids.peak': '9\n',
      '/pids/pids.events': 'max 3\n',
      ...more,
    },
    counted,
  );
const held = (version: 1 | 2, key: string, from: Readings): number | null | undefined =>
  sourcesOf(version)
    .find((source) => source.key === key)
    ?.held?.(from);

test('cgroup v1: each resource in its own unit', () => {
  const pages = (bytes: number): number => Math.ceil(bytes / pageSize);
  assert.equal(held(1, 'PHYSPAGES', v1()), pages(10 * mib));
  assert.equal(held(1, 'PRIVVMPAGES', v1()), pages(7 * mib));
  assert.equal(held(1, 'SWAPPAGES', v1()), pages(4 * mib));
  assert.equal(held(1, 'OOMGUARPAGES', v1()), pages(14 * mib));
  assert.equal(held(1, 'NUMPROC', v1()), 5);
  assert.equal(held(1, 'NUMTCPSOCK', v1()), 3);
  assert.equal(held(1, 'NUMOTHERSOCK', v1()), 9);
  assert.equal(held(1, 'DCACHESIZE', v1()), undefined);
});

test('cgroup v2: what there is no file for is not known, and not nothing', () => {
  const v2 = readings(2, {
    '/unified/memory.current': '8192\n',
    '/unified/memory.swap.current': '4096\n',
    '/unified/memory.stat': 'anon 4096\nkernel 100\nunevictable 0\nshmem 0\nslab_reclaimable 50\n',
    '/unified/memory.events': 'low 4\nhigh 0\nmax 900\noom 1\noom_kill 2\n',
  });
  assert.equal(held(2, 'KMEMSIZE', v2), 100);
  assert.equal(held(2, 'DCACHESIZE', v2), 50);
  assert.equal(held(2, 'NUMPROC', v2), null);
  assert.equal(held(2, 'NUMTCPSOCK', v2), null);
  const account = new Account(2);
  account.count(v2);
  assert.deepEqual(
    (['low', 'oom', 'kill', 'pids', 'swap'] as const).map((refusal) => account.total(refusal, v2)),
    [4, 1, 2, null, null],
  );
});

test('both worlds know every beancounter', () => {
  const keys = (version: 1 | 2): string[] =>
    sourcesOf(version)
      .map(({ key }) => key)
      .sort();
  assert.deepEqual(keys(1), keys(2));
  assert.equal(keys(1).length, 21);
});

test('the most that was held stays, whatever falls', () => {
  const account = new Account(1);
  account.look(v1({}, { ...census, tcpSockets: 21 }), {
    whole: false,
  });
  account.look(v1({ '/pids/pids.peak': '11\n' }), { whole: false });
  assert.equal(account.maxheld('NUMPROC'), 9, 'the kernel remembers it: no need to look');
  account.look(v1({ '/pids/pids.peak': '12\n' }), { whole: true });
  assert.equal(account.maxheld('NUMTCPSOCK'), 21);
  assert.equal(account.maxheld('NUMPROC'), 12);
  assert.deepEqual([account.isSampled('NUMPROC'), account.isSampled('NUMTCPSOCK')], [false, true]);
  assert.equal(account.maxheld('PHYSPAGES'), (64 * mib) / pageSize);
  assert.equal(account.maxheld('NUMIPTENT'), null);
});

test('refusals are counted on where the last daemon stopped, and never fall', () => {
  const first = new Account(1);
  assert.deepEqual(first.count(v1()), [
    { refusal: 'pids', by: 3, total: 3 },
    { refusal: 'oom', by: 2, total: 2 },
    { refusal: 'kill', by: 2, total: 2 },
  ]);
  assert.deepEqual(first.count(v1()), []);
  const kept = first.takeChanges() ?? '';
  assert.equal(first.takeChanges(), undefined);

  const second = new Account(1, parseAccount(kept));
  assert.deepEqual(second.count(v1()), []);
  const more = v1({ '/pids/pids.events': 'max 5\n' });
  assert.deepEqual(second.count(more), [{ refusal: 'pids', by: 2, total: 5 }]);
  // Set back to nothing by hand, then one more.
  assert.deepEqual(second.count(v1({ '/pids/pids.events': 'max 0\n' })), []);
  assert.equal(second.total('pids', more), 5);
  assert.deepEqual(second.count(v1({ '/pids/pids.events': 'max 1\n' })), [
    { refusal: 'pids', by: 1, total: 6 },
  ]);
});

test('a damaged account is none', () => {
  const good = '{"maxheld":{"NUMPROC":4},"refusals":{"pids":{"seen":1,"total":2}}}';
  assert.ok(parseAccount(good));
  for (const bad of [
    '',
    good.slice(0, 30),
    '[]',
    '{"maxheld":{}}',
    good.replace('4', '-4'),
    good.replace('1,', '"1",'),
  ])
    assert.equal(parseAccount(bad), undefined, bad);
});

test('the first refusal is told at once, later ones together', () => {
  const tidings = new Tidings();
  const add = (by: number, total: number): void => tidings.add({ refusal: 'pids', by, total });
  add(1, 1);
  assert.deepEqual(tidings.due(1000), [{ refusal: 'pids', rise: 1, failcnt: 1 }]);
  add(5, 6);
  add(1, 7);
  assert.deepEqual(tidings.due(5000), []);
  assert.deepEqual(tidings.due(11_000), [{ refusal: 'pids', rise: 6, failcnt: 7 }]);
  assert.deepEqual(tidings.due(60_000), []);
  add(2, 9);
  assert.deepEqual(tidings.rest(), [{ refusal: 'pids', rise: 2, failcnt: 9 }]);
  assert.deepEqual(tidings.rest(), []);
});
