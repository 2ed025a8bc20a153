// From looks to numbers by the second.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Look } from '../drivers/driver.js';
import { Readings } from '../drivers/lxc/accounting/readings.js';
import { lookOf } from '../drivers/lxc/accounting/sample.js';
import { uncountedBy } from '../host/uncounted.js';
import { lookAt } from '../testing/looks.js';
import { type Passed, passedUntil, ratesOf } from './rates.js';
import { namedValues } from './series.js';

const nothing = { disk: undefined, promisedBytes: undefined };

test('what counts up is told by the second, all else as it is', () => {
  const before = lookAt(0, {
    cpuNs: 5e9,
    io: { readBytes: 100, writtenBytes: 0, reads: 1, writes: 0 },
    refused: 2,
  });
  const now = lookAt(10, {
    cpuNs: 10e9,
    throttledNs: 1e9,
    io: { readBytes: 10_100, writtenBytes: 0, reads: 1, writes: 0 },
    refused: 7,
  });
  const disk = { usedBytes: 77, limitBytes: null, usedInodes: null, limitInodes: null };
  const values = namedValues(ratesOf(now, before, { disk, promisedBytes: 33 }));
  assert.deepEqual(
    [values.cpu, values.throttled, values.waited, values.diskRead, values.diskWritten, values.refused],
    [0.5, 0.1, null, 1000, 0, 0.5],
  );
  assert.deepEqual(
    [values.memory, values.swap, values.processes, values.disk, values.promisedMemory],
    [4096, 2048, 3, 77, 33],
  );
});

test('what the kernel does not count is not known, and is told why; all else is known, were it nothing', () => {
  const files: Readonly<Record<string, string>> = {
    'cpuacct.usage': '5000000000',
    'cpu.stat': 'usage_usec 5000000\nthrottled_usec 0\nthrottled_time 0\n',
    'cpu.pressure': 'some avg10=0.00 total=0\n',
    'memory.pressure': 'some avg10=0.00 total=0\n',
    'io.pressure': 'some avg10=0.00 total=0\n',
    'memory.usage_in_bytes': '4096',
    'memory.current': '4096',
    'memory.swap.current': '0',
    'memory.stat': 'total_swap 0\n',
    'pids.current': '3',
    'blkio.throttle.io_service_bytes_recursive': '8:0 Read 4096\n8:0 Write 512\n8:0 Total 4608\nTotal 4608\n',
    'blkio.throttle.io_serviced_recursive': 'Total 0\n',
    'io.stat': '8:0 rbytes=4096 wbytes=512 rios=1 wios=1\n',
  };
  for (const version of [1, 2] as const) {
    const look = () => ({
      ...lookOf(version, new Readings({ group: (_, file) => files[file] ?? '', census: undefined }), {
        hostTicks: 0,
        hostIdleTicks: 0,
      }),
      links: [],
      refused: 0,
    });
    const disk = { usedBytes: 0, limitBytes: null, usedInodes: null, limitInodes: null };
    const values = namedValues(
      ratesOf({ ...look(), atMs: 10_000 }, { ...look(), atMs: 0 }, { disk, promisedBytes: 0 }),
    );
    const unknown = Object.entries(values).flatMap(([name, value]) => (value === null ? [name] : []));
    assert.deepEqual(unknown.sort(), Object.keys(uncountedBy(version)).sort(), `cgroup v${version}`);
    assert.equal(look().io.writtenBytes, version === 1 ? null : 512);
    assert.equal(look().io.reads, version === 1 ? 0 : 1);
  }
  const none = new Readings({ group: () => '', census: undefined });
  assert.equal(lookOf(1, none, { hostTicks: 0, hostIdleTicks: 0 }).io.readBytes, null);
});

test('of the first look, and of counters that were set back, no rate is known', () => {
  assert.equal(namedValues(ratesOf(lookAt(0), undefined, nothing)).cpu, null);
  const values = namedValues(ratesOf(lookAt(10, { cpuNs: 1 }), lookAt(0, { cpuNs: 2 }), nothing));
  assert.deepEqual([values.cpu, values.received, values.memory], [null, 0, 4096]);
});

test('a link that came meanwhile has counted from nothing, and one that was made again, too', () => {
  const side = (bytes: number | null) => ({ bytes, packets: 0, errors: 0, drops: 0 });
  const link = (name: string, bytes: number | null) => ({
    name,
    hostName: `h${name}`,
    mac: null,
    rx: side(bytes),
    tx: side(0),
  });
  const before = lookAt(0, { links: [link('eth0', 1000), link('eth1', 5000), link('eth3', null)] });
  const now = lookAt(10, {
    links: [link('eth0', 3000), link('eth1', 100), link('eth2', 900), link('eth3', 9999)],
  });
  assert.equal(namedValues(ratesOf(now, before, nothing)).received, 300);
});

test('what passed over all links never falls: neither when one goes, nor when one is made again', () => {
  const side = (bytes: number | null) => ({ bytes, packets: 0, errors: 0, drops: 0 });
  const link = (name: string, bytes: number | null) => ({
    ...{ name, hostName: `h${name}`, mac: null },
    ...{ rx: side(bytes), tx: side(null) },
  });
  const looks = [
    [],
    [link('eth0', 1000), link('eth1', 5000)],
    [link('eth0', 1500), link('eth1', 5100)],
    [link('eth0', 1600)],
    [],
    [link('eth0', 70), link('eth1', 5)],
  ].map((links, at) => lookAt(at * 10, { links }));
  let before: { look: Look; passed: Passed } | undefined;
  const told = looks.map((look) => {
    before = { look, passed: passedUntil(look, before) };
    return before.passed;
  });
  assert.deepEqual(
    told.map(({ rx }) => rx),
    [null, 6000, 6600, 6700, 6700, 6775],
  );
  assert.deepEqual(new Set(told.map(({ tx }) => tx)), new Set([null]), 'nothing counts what was sent');
});
