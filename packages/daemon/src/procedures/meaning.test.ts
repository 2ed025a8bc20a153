// What libvirt's clients, HTTP's and the kernel's limits say of a document is what it means: one function each.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourcesOf } from '@ctvirt/formats';
import {
  currentMemoryKiB,
  currentVcpus,
  endingsOf,
  maxMemoryKiB,
  maxVcpus,
  memoryLimitKiB,
  parseDomainOrThrow,
  processorTimeOf,
} from '@ctvirt/xml';
import { memoryOf } from './domain/memory.js';
import { setVcpus, vcpusOf } from './domain/processors.js';
import { withDefaults } from './domain/shown-document.js';

const read = (more: string) =>
  parseDomainOrThrow(
    `<domain type='lxc'><name>d</name>${more}<devices><filesystem type='mount'><source dir='/x'/><target dir='/'/></filesystem></devices></domain>`,
  );

const host = { pageSize: 4096, hostCpus: 64 };
const noLimit = '9007199254740991';
const memory = (kib: string) => `<memory>${kib}</memory>`;
const now = (kib: string) => `<currentMemory>${kib}</currentMemory>`;
const hard = (kib: string) => `<memtune><hard_limit>${kib}</hard_limit></memtune>`;

/** Maximum, current, limit. */
const memories: readonly [
  xml: string,
  most?: number | undefined,
  current?: number,
  limit?: number | undefined,
][] = [
  [''],
  [memory('4096'), 4096, 4096, 4096],
  [memory('4096') + now('1024'), 4096, 1024, 4096],
  [memory('4096') + now('0'), 4096, 4096, 4096],
  [memory('4096') + now('8192'), 4096, 4096, 4096],
  [now('1024'), undefined, 1024, undefined],
  [hard('2048'), 2048, 2048, 2048],
  [memory('4096') + hard('2048'), 4096, 4096, 2048],
  [memory('4096') + now('1024') + hard('8192'), 4096, 1024, 8192],
  [memory('4096') + hard(noLimit), 4096, 4096, 4096],
  [memory(noLimit) + hard('2048'), 2048, 2048, 2048],
  [memory(noLimit)],
];

test('memory: maximum, current and limit, for every client and for the kernel', () => {
  for (const [xml, most, current, limit] of memories) {
    const domain = read(xml);
    assert.deepEqual(
      [maxMemoryKiB(domain), currentMemoryKiB(domain), memoryLimitKiB(domain)],
      [most, current, limit],
      xml,
    );
    const told = memoryOf(domain);
    if (most !== undefined) assert.equal(told.maximum, most, xml);
    if (current !== undefined) assert.equal(told.current, current, xml);
    assert.equal(
      resourcesOf(domain, host).memoryMaxBytes,
      limit === undefined ? undefined : limit * 1024,
      xml,
    );
    if (domain.memoryKiB !== undefined) assert.equal(withDefaults(domain).currentMemoryKiB, current, xml);
  }
});

/** Maximum, current. */
const processors: readonly [xml: string, most?: number, current?: number][] = [
  [''],
  ['<vcpu>4</vcpu>', 4, 4],
  ["<vcpu current='3'>4</vcpu>", 4, 3],
  ["<vcpu current='4'>4</vcpu>", 4, 4],
  ["<vcpu cpuset='0-1'>2</vcpu>", 2, 2],
];

test('processors: maximum and number, for every client and for the kernel', () => {
  for (const [xml, most, current] of processors) {
    const domain = read(xml);
    assert.deepEqual([maxVcpus(domain), currentVcpus(domain)], [most, current], xml);
    if (most !== undefined) assert.deepEqual(vcpusOf(domain), { maximum: most, current }, xml);
    assert.equal(resourcesOf(domain, host).cpuCount, current, xml);
  }
});

test('a number of processors that is set keeps the maximum, and raises it where it must', () => {
  const after = (xml: string, count: number, isMaximum: boolean) => {
    const { value, current } = setVcpus(count, isMaximum)(read(xml)).vcpu ?? {};
    return [value, current];
  };
  assert.deepEqual(after('<vcpu>4</vcpu>', 2, false), [4, 2]);
  assert.deepEqual(after("<vcpu current='2'>4</vcpu>", 4, false), [4, undefined]);
  assert.deepEqual(after('<vcpu>4</vcpu>', 6, false), [6, undefined]);
  assert.deepEqual(after("<vcpu current='2'>4</vcpu>", 3, true), [3, 2]);
  assert.deepEqual(after("<vcpu current='2'>4</vcpu>", 1, true), [1, undefined]);
  assert.deepEqual(after('<vcpu>2</vcpu>', 4, true), [4, 2]);
  assert.deepEqual(after('', 2, false), [2, undefined]);
});

test('time of processors and ends, where a document is silent', () => {
  assert.deepEqual(processorTimeOf(read('')), { shares: 1024, periodUs: 100_000, quotaUs: -1 });
  const said = read('<cputune><shares>7</shares><period>5000</period><quota>2500</quota></cputune>');
  assert.deepEqual(processorTimeOf(said), { shares: 7, periodUs: 5000, quotaUs: 2500 });
  assert.equal(processorTimeOf(read('<cputune><quota>0</quota></cputune>')).quotaUs, -1);
  assert.deepEqual(endingsOf(read('')), { poweroff: 'destroy', reboot: 'restart', crash: 'destroy' });
  const shown = withDefaults(read('<on_crash>preserve</on_crash>'));
  assert.deepEqual([shown.onPoweroff, shown.onReboot, shown.onCrash], ['destroy', 'restart', 'preserve']);
});
