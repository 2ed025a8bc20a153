// Rounds over runs in memory: each is looked at once for all who want to know, and what was found is told without another look.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRun } from '../drivers/memory/driver.js';
import { Registry } from '../registry/registry.js';
import { lookAt } from '../testing/looks.js';
import { domainRecord } from '../testing/record.js';
import { series, type Values } from './series.js';
import { Sweep } from './sweep.js';

const document = (name: string) =>
  ({ type: 'lxc', name, os: { type: { value: 'exe' } }, devices: {} }) as const;
const turns = () => new Promise((resolve) => setImmediate(resolve));

test('one look at each serves all, a domain that is off has none, and one that fails says so once', async () => {
  const registry = new Registry();
  const [one, other] = ['one', 'other'].map((name, at) =>
    registry.add(
      domainRecord({ name, uuid: `00000000-0000-4000-8000-00000000000${at}` }),
      'running',
      'booted',
    ),
  );
  assert.ok(one !== undefined && other !== undefined);
  registry.setRun(one, new MemoryRun(1, document('one')));
  const looked: string[] = [];
  const sampled: number[] = [];
  const taken: (readonly (readonly [string, Values])[])[] = [];
  const disks: string[] = [];
  const log: string[] = [];
  let seconds = 0;
  const sweep = new Sweep({
    looks: {
      begin: async () => void looked.push('begin'),
      look: ({ record: { name } }) => {
        looked.push(name);
        return lookAt(seconds, { cpuNs: seconds * 2e9 });
      },
      group: () => null,
      known: () => undefined,
    },
    entries: () => registry.entries(),
    keeper: { now: 0, take: async (_at, found) => void taken.push(found) },
    hostTime: () => ({ hostTicks: 0, hostIdleTicks: 0 }),
    sampled: (_run, { atMs }) => void sampled.push(atMs),
    claims: async () => undefined,
    promised: () => 5,
    disk: async ({ record: { name } }) => {
      disks.push(name);
      if (disks.length > 1) throw new Error('no such file system');
      return { usedBytes: 9, limitBytes: null, usedInodes: null, limitInodes: null };
    },
    log: (_level, message) => void log.push(message),
  });
  let rounds = 0;
  sweep.listen(() => rounds++);
  await sweep.round();
  await turns();
  seconds = 10;
  await sweep.round();
  assert.deepEqual(looked, ['begin', 'one', 'begin', 'one']);
  assert.deepEqual(sampled, [0, 10_000]);
  assert.equal(rounds, 2);
  const [first, second] = taken.map((found) => found[0]?.[1] ?? assert.fail());
  const at = series.indexOf('cpu');
  assert.deepEqual([first?.[at], second?.[at]], [Number.NaN, 2]);
  assert.deepEqual([first?.[series.indexOf('disk')], second?.[series.indexOf('disk')]], [Number.NaN, 9]);
  assert.equal(sweep.seen(one)?.values[at], 2);
  assert.equal(sweep.seen(other), undefined);
  assert.equal(looked.length, 4, 'nothing was read to tell that');
  registry.setRun(one, new MemoryRun(2, document('one')));
  assert.equal(sweep.seen(one), undefined, 'another run is none of what was found');
  await sweep.round();
  await turns();
  await sweep.round();
  await turns();
  assert.deepEqual(log, ['what domains use is not looked at as it should be: Error: no such file system']);
});
