// Who is meant by a name, a UUID or a number.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemoryRun } from '../drivers/memory/driver.js';
import type { DomainRecord } from '../state/record.js';
import { domainRecord } from '../testing/record.js';
import { HIGHEST_ID, nothingHeld, Registry } from './registry.js';

const uuidOf = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

const recordOf = (name: string, index: number, ctid: number | null): DomainRecord =>
  domainRecord({ name, uuid: uuidOf(index), type: ctid === null ? 'lxc' : 'openvz', hostname: 'h', ctid });

const runOf = (id: number) =>
  new MemoryRun(id, {
    type: 'lxc',
    name: 'd',
    os: { type: { value: 'exe' } },
    devices: {},
  });

test('a UUID is a UUID, and a name comes before the id of another run', () => {
  const registry = new Registry();
  const running = registry.add(recordOf('cust2', 1, 102), 'running', 'booted');
  registry.setRun(running, runOf(4711));
  const named = registry.add(recordOf('102', 2, null), 'shutoff', 'unknown');
  const other = registry.add(recordOf('web', 3, null), 'running', 'booted');
  registry.setRun(other, runOf(613));
  const pid = registry.add(recordOf('613', 4, null), 'shutoff', 'unknown');
  assert.equal(registry.find('102'), named);
  assert.equal(registry.find(uuidOf(2)), named);
  assert.equal(registry.find('613'), pid);
  assert.equal(registry.lookFor(`0${other.id}`), undefined, 'no id is written so');
  assert.notEqual(running.id, 102, 'virsh asks for an id first');
  assert.notEqual(other.id, 613);
  assert.equal(registry.byId(running.id ?? -1), running);
  assert.equal(registry.byId(102), undefined);
});

test('whatever domains are called and in whatever order they come and go, no id is another one’s name, CTID or id', () => {
  const few = fc.integer({ min: 1, max: 6 });
  const step = fc.record({
    kind: fc.constantFrom('add', 'run', 'end', 'remove', 'rename'),
    at: few,
    number: few,
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const registry = new Registry();
      for (const { kind, at, number } of steps) {
        const entry = registry.byUuid(uuidOf(at));
        if (kind === 'add' && entry === undefined && registry.byName(String(number)) === undefined)
          registry.add(
            recordOf(String(number), at, registry.byCtid(at) === undefined && at % 2 === 0 ? at : null),
            'shutoff',
            'unknown',
          );
        if (entry === undefined) continue;
        if (kind === 'run') registry.setRun(entry, runOf(number));
        if (kind === 'end') registry.setRun(entry, undefined);
        if (kind === 'remove') registry.remove(entry);
        if (kind === 'rename' && registry.byName(`n${number}`) === undefined)
          registry.replace(entry, { ...entry.record, name: `n${number}` });
        const all = [...registry.entries()];
        for (const one of all) {
          assert.equal(one.id === null, one.running === undefined);
          if (one.id === null) continue;
          for (const other of all.filter((each) => each !== one)) {
            assert.notEqual(String(one.id), other.record.name);
            assert.notEqual(one.id, other.record.ctid);
            assert.notEqual(one.id, other.id);
          }
          assert.equal(registry.byId(one.id), one);
        }
        for (const one of all) assert.equal(registry.find(one.record.name), one);
      }
    }),
  );
});

test('an address that a change will have is taken before the change is there, and free if it does not come', () => {
  const registry = new Registry();
  const one = registry.add(recordOf('one', 1, null), 'shutoff', 'unknown');
  const two = registry.add(recordOf('two', 2, null), 'shutoff', 'unknown');
  {
    using _reserved = registry.reserve(one, { addresses: ['10.0.0.1'] });
    assert.throws(() => registry.reserve(two, { addresses: ['10.0.0.1'] }), { code: 'exists' });
    assert.throws(() => registry.hold(two, { addresses: ['10.0.0.1'] }), { code: 'exists' });
    registry.hold(one, { addresses: ['10.0.0.1'] });
    registry.hold(one, nothingHeld);
  }
  using _reserved = registry.reserve(two, { addresses: ['10.0.0.1'] });
  registry.replace(two, { ...two.record, addresses: ['10.0.0.1'] });
  assert.throws(() => registry.reserve(one, { addresses: ['10.0.0.1'] }), { code: 'exists' });
});

test('a dataset is had by one that runs, with all that is in it', () => {
  const registry = new Registry();
  const one = registry.add(recordOf('one', 1, null), 'shutoff', 'unknown');
  const two = registry.add(recordOf('two', 2, null), 'shutoff', 'unknown');
  const hold = (entry: typeof one, ...datasets: string[]) =>
    registry.hold(entry, { addresses: [], datasets });
  hold(one, 'tank/web');
  for (const name of ['tank/web', 'tank/web/data', 'tank'])
    assert.throws(() => hold(two, name), {
      code: 'exists',
      message: "dataset 'tank/web' is in use by domain 'one'",
    });
  hold(two, 'tank/webs');
  hold(one, 'tank/web', 'tank/more');
  registry.hold(one, nothingHeld);
  hold(two, 'tank/web');
});

test('every id fits into what libvirt has for it', () => {
  const registry = new Registry();
  for (const [index, id] of [HIGHEST_ID, HIGHEST_ID, 2 ** 31 + 5].entries()) {
    const entry = registry.add(recordOf(`run${index}`, index + 1, null), 'running', 'booted');
    registry.setRun(entry, runOf(id));
    assert.ok(entry.id !== null && entry.id > 0 && entry.id <= HIGHEST_ID, String(entry.id));
  }
  assert.equal(new Set([...registry.entries()].map(({ id }) => id)).size, 3);
});
