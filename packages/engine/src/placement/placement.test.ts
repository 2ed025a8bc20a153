// What the kernel is told of a choice of processors, in both cgroup worlds, over plain files.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CgroupLayout } from '../cgroups/layout.js';
import { MemoryRun } from '../drivers/memory/driver.js';
import { type Entry, Registry } from '../registry/registry.js';
import { domainRecord } from '../testing/record.js';
import { Placement } from './placement.js';

const running = new MemoryRun(1, {
  type: 'lxc',
  name: 'd',
  os: { type: { value: 'exe' } },
  devices: {},
});

/** Four processors, and a Placement that knows of nothing yet. */
class Host implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'ctvirt-placement-'));
  readonly log: string[] = [];
  readonly #entries = new Map<string, Entry>();
  placement: Placement;

  constructor(
    readonly version: 1 | 2,
    controllers = ['cpuset'],
  ) {
    this.write('', version === 1 ? 'cpuset.cpus' : 'cpuset.cpus.effective', '0-3\n');
    this.placement = this.nextDaemon(controllers);
  }

  nextDaemon(controllers = ['cpuset']): Placement {
    const cgroups: CgroupLayout = {
      version: this.version,
      controllers: new Set(controllers),
      path: (_, group) => join(this.root, group),
      all: (group) => [join(this.root, group)],
      controlled: (group) => [join(this.root, group)],
    };
    this.placement = new Placement({
      cgroups,
      parent: 'ctvirt',
      group: ({ record }) => `ctvirt/${record.name}`,
      log: (_, message) => this.log.push(message),
    });
    return this.placement;
  }

  entry(name: string): Entry {
    const known = this.#entries.get(name) ?? new Registry().add(recordOf(name), 'shutoff', 'unknown');
    this.#entries.set(name, known);
    return known;
  }

  /** As liblxc does with what the choice is put into. */
  start(name: string, cpuCount?: number): string | undefined {
    using change = this.placement.change(this.entry(name), {}, cpuCount === undefined ? {} : { cpuCount });
    this.write(`ctvirt/${name}`, 'cpuset.cpus', change.to.cpusetCpus ?? (this.version === 1 ? '0-3' : ''));
    this.entry(name).running = running;
    change.keep();
    return change.to.cpusetCpus;
  }

  end(name: string): void {
    this.entry(name).running = undefined;
    rmSync(join(this.root, 'ctvirt', name), { recursive: true });
    this.placement.leave(this.entry(name));
  }

  write(group: string, file: string, text: string): void {
    mkdirSync(join(this.root, group), { recursive: true });
    writeFileSync(join(this.root, group, file), text);
  }

  cpuset(name: string): string {
    return readFileSync(join(this.root, 'ctvirt', name, 'cpuset.cpus'), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}

const recordOf = (name: string): Entry['record'] => domainRecord({ name, uuid: name });

for (const version of [1, 2] as const)
  test(`cgroup v${version}: chosen at the start, moved when others end, lifted with the number`, () => {
    using host = new Host(version);
    assert.equal(host.start('free'), undefined, 'who has no number is let alone');
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'e'].map((name) => host.start(name, 1)),
      ['0', '1', '2', '3', '0'],
    );
    host.end('b');
    assert.deepEqual(['a', 'c', 'd', 'e'].map((name) => host.cpuset(name)).sort(), ['0', '1', '2', '3']);
    assert.equal(host.cpuset('free'), version === 1 ? '0-3' : '');
    using change = host.placement.change(host.entry('c'), { cpuCount: 1, cpuQuotaUs: 100_000 }, {});
    assert.deepEqual(change.from, { cpuQuotaUs: 100_000, cpusetCpus: '2' });
    assert.deepEqual(change.to, {});
    change.keep();
    assert.equal(host.start('f', 1), '2', 'it is free again');
  });

test('a change that is not kept was none; while it is open the others make room and it stays', () => {
  using host = new Host(2);
  for (const name of ['a', 'b', 'c', 'd']) host.start(name, 1);
  {
    using change = host.placement.change(host.entry('a'), { cpuCount: 1 }, { cpuCount: 2 });
    assert.equal(change.to.cpusetCpus, '0-1');
    host.end('c');
    assert.deepEqual([host.cpuset('a'), host.cpuset('b')], ['0', '2']);
  }
  assert.equal(host.start('e', 1), '1');
  {
    using _failed = host.placement.change(host.entry('f'), {}, { cpuCount: 3 });
  }
  assert.deepEqual(
    ['a', 'b', 'd', 'e'].map((name) => host.cpuset(name)),
    ['0', '2', '3', '1'],
  );
});

test('where more would be put is told, and nobody is', () => {
  using host = new Host(2);
  for (const name of ['a', 'b']) host.start(name, 1);
  assert.deepEqual(host.placement.preview({ cpuCount: 1 }, 3), [[2], [3], [0]]);
  assert.deepEqual(host.placement.preview({ cpusetCpus: '1,3' }, 2), [
    [1, 3],
    [1, 3],
  ]);
  assert.equal(host.placement.preview({}, 2), undefined);
  assert.equal(host.placement.preview({ cpuCount: 1 }, 10_000)?.length, 256);
  assert.equal(host.start('c', 1), '2');
});

test('a reboot moves nobody', () => {
  using host = new Host(2);
  for (const name of ['a', 'b', 'c', 'd', 'e']) host.start(name, 1);
  host.entry('b').running = undefined;
  host.end('c');
  assert.equal(host.cpuset('a'), '2', 'others may be moved meanwhile');
  assert.equal(host.start('b', 1), '1');
  assert.deepEqual(
    ['a', 'd', 'e'].map((name) => host.cpuset(name)),
    ['2', '3', '0'],
  );
});

test('the next daemon reads from the kernel what runs where, and gives a place to those that have none', () => {
  using host = new Host(2);
  for (const name of ['a', 'b', 'c']) host.start(name, 2);
  host.write('ctvirt/c', 'cpuset.cpus', '\n');
  host.nextDaemon();
  for (const name of ['a', 'b', 'c']) host.placement.know(host.entry(name), { cpuCount: 2 });
  host.placement.even();
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => host.cpuset(name)),
    ['0-1', '2-3', '0-1'],
  );
});

test('what is named is kept to: that many are chosen of it, or it is taken as it is', () => {
  using host = new Host(2);
  const chosen = (name: string, cpusetCpus: string, cpuCount?: number) => {
    const limits = { cpusetCpus, ...(cpuCount === undefined ? {} : { cpuCount }) };
    using change = host.placement.change(host.entry(name), {}, limits);
    host.entry(name).running = running;
    change.keep();
    return change.to.cpusetCpus;
  };
  assert.equal(chosen('a', '2-3'), '2-3');
  assert.equal(chosen('b', '1-2', 1), '1', 'where the other is not');
  assert.equal(chosen('c', '2', 3), '2');
  assert.equal(chosen('d', '4000', 1), '4000', 'for the kernel to refuse');
});

test('a host without cpusets: said once, and nothing is chosen', () => {
  using host = new Host(1, ['cpu']);
  assert.deepEqual([host.start('a', 1), host.start('b', 2)], [undefined, undefined]);
  assert.equal(host.log.length, 1);
  assert.match(host.log[0] ?? '', /no cpuset/);
});

test('one that cannot be moved stays, and others are moved instead', () => {
  using host = new Host(1);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) host.start(name, 1);
  rmSync(join(host.root, 'ctvirt/b/cpuset.cpus'));
  mkdirSync(join(host.root, 'ctvirt/b/cpuset.cpus'));
  for (const name of ['a', 'e']) host.end(name);
  assert.equal(host.log.length, 1);
  assert.match(host.log[0] ?? '', /'b' stays on its processors: .*EISDIR/);
  const others = ['c', 'd', 'f', 'g', 'h'].map((name) => host.cpuset(name));
  assert.equal(others.filter((one) => one === '0').length, 1);
});
