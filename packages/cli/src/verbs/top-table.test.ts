// The table of `top`: what stands first, and that it fits.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DomainNow, SeriesValues } from '@ctvirt/api';
import { displayWidth } from '../table.js';
import { fitted, orderByKey, orderOf, sorted, sortNames, summaryOf, tableOf } from './top-table.js';

const nothing: SeriesValues = {
  cpu: null,
  throttled: null,
  waited: null,
  memory: null,
  swap: null,
  memoryStalled: null,
  processes: null,
  disk: null,
  diskRead: null,
  diskWritten: null,
  received: null,
  sent: null,
  ioWaited: null,
  refused: null,
  promisedMemory: null,
};
const MiB = 2 ** 20;
const domain = (name: string, now: Partial<SeriesValues>, more: Partial<DomainNow> = {}): DomainNow => ({
  id: 1,
  name,
  uuid: name,
  type: 'lxc',
  title: null,
  state: 'running',
  reason: 'booted',
  autostart: false,
  persistent: true,
  ctid: null,
  template: null,
  profile: null,
  hostname: name,
  addresses: [],
  startedAt: '2026-11-30T12:00:00Z',
  at: '2026-11-30T12:00:10Z',
  now: { ...nothing, ...now },
  maxMemoryKiB: null,
  maxProcesses: null,
  disk: null,
  refusedInDay: 0,
  lastWall: null,
  ...more,
});
const domains = [
  domain('calm', { cpu: 0.01, memory: 900 * MiB, diskRead: 5, diskWritten: 2 }),
  domain('new', {}),
  domain(
    'busy',
    { cpu: 1.5, memory: 100 * MiB, waited: 0.2, ioWaited: 0.3, received: 1e9, sent: 1e9 },
    {
      maxMemoryKiB: 200 * 1024,
      refusedInDay: 1234,
      lastWall: { at: new Date().toISOString(), domain: 'busy', resource: 'numproc', rise: 1, failcnt: 1 },
    },
  ),
  domain('名前がとても長いコンテナのなまえです-with-more', { cpu: 0.5, processes: 4 }),
];
const names = (order: string): string[] =>
  sorted(domains, orderOf(order)).map(({ name }) => name.slice(0, 4));

test('the largest stand first, what is not known last, a dash turns it round', () => {
  assert.deepEqual(names('cpu'), ['busy', '名前がと', 'calm', 'new']);
  assert.deepEqual(names('-cpu'), ['calm', '名前がと', 'busy', 'new']);
  assert.deepEqual(names('memory').slice(0, 2), ['calm', 'busy']);
  assert.deepEqual(names('name').slice(0, 3), ['busy', 'calm', 'new']);
  assert.throws(() => orderOf('heat'), /--sort knows no 'heat'; there are: name, cpu/);
  assert.deepEqual(orderByKey('d', orderOf('cpu')), { by: 'disk', isTurned: false });
  assert.deepEqual(orderByKey('r', orderOf('cpu')), { by: 'cpu', isTurned: true });
  assert.equal(orderByKey('z', orderOf('cpu')), undefined);
});

test('no line is wider than the terminal, and each has what fits', () => {
  for (const order of sortNames)
    for (const width of [20, 40, 80, 100, 140, 200, Number.POSITIVE_INFINITY]) {
      const { head, lines } = tableOf(domains, orderOf(order), width);
      for (const line of [head, ...lines])
        assert.ok(displayWidth(line) <= width, `${width}: ${displayWidth(line)} of ${line}`);
    }
  const narrow = tableOf(domains, orderOf('cpu'), 80);
  assert.match(narrow.head, /^Name +CPU▾ +Waits +Memory +Of +Procs +Disk +Network +Limits$/);
  assert.match(narrow.lines[2] ?? '', /^busy +150% +30% +100 MiB +50% +- +- +1\.9 GiB\/s +1234$/);
  const wide = tableOf(domains, orderOf('cpu'), 170);
  assert.match(wide.head, /Throttled .*Read +Written +In +Out +Limits +Last limit met$/);
  assert.match(wide.lines[2] ?? '', / 1234 {2}numproc, \ds ago$/);
});

test('where the kernel does not count what is written, what is read is not called all that went to the disk', () => {
  const ofV1 = domains.map((one) => ({ ...one, now: { ...one.now, diskWritten: null } }));
  const narrow = tableOf(ofV1, orderOf('disk'), 80);
  assert.match(narrow.head, /Procs +Read▾ +Network/);
  assert.match(narrow.lines[0] ?? '', /^calm .* 5 B\/s/);
  assert.match(tableOf(ofV1, orderOf('disk'), 170).head, /Read▾ +Written /);
  assert.match(summaryOf(ofV1), / disk read 5 B\/s, /);
});

test('all together stand in one line, and what is cut says so', () => {
  assert.equal(
    summaryOf(domains),
    '4 run, cpu 201%, memory 1000 MiB, 4 procs, disk 7 B/s, net 1.9 GiB/s, 1234 refused',
  );
  assert.equal(fitted('abcdef', 4), 'abc…');
  assert.equal(fitted('名前', 3), '名…');
  assert.equal(fitted('ab', 4), 'ab  ');
});
