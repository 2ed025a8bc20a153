// What clients are told of a change.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '@ctvirt/api';
import { type Domain, parseDomain } from '@ctvirt/xml';
import { changesBetween } from './changes.js';

const facts = { pageSize: 4096, hostCpus: 4 };

const read = (more: string, devices = ''): Domain => {
  const xml = `<domain type='lxc'><name>d</name><memory unit='KiB'>131072</memory>${more}<devices><filesystem type='mount'><source dir='/x'/><target dir='/'/></filesystem>${devices}</devices></domain>`;
  const { domain, findings } = parseDomain(xml);
  assert.ok(domain, JSON.stringify(findings));
  return domain;
};

const link = (name: string) =>
  `<interface type='ethernet'><target dev='${name}'/><ip address='192.0.2.1'/></interface>`;
const mine = (text: string) => `<metadata><m:a xmlns:m='http://m/'>${text}</m:a></metadata>`;

const cases: readonly [what: string, before: Domain, after: Domain, changes: readonly Change[]][] = [
  ['nothing', read(''), read(''), []],
  [
    'shares',
    read(''),
    read('<cputune><shares>333</shares></cputune>'),
    [
      { what: 'tunable', values: { 'cputune.cpu_shares': 333 } },
      { what: 'parameters', keys: ['CPUUNITS'] },
    ],
  ],
  [
    'a quota that is taken away, and a processor that is pinned',
    read('<cputune><quota>5000</quota></cputune>'),
    read("<cputune><vcpupin vcpu='0' cpuset='1'/></cputune>"),
    [
      { what: 'tunable', values: { 'cputune.vcpu_quota': -1, 'cputune.vcpupin0': '1' } },
      { what: 'parameters', keys: ['CPULIMIT'] },
    ],
  ],
  [
    'memory',
    read(''),
    read("<currentMemory unit='KiB'>65536</currentMemory>"),
    [{ what: 'memory', currentKiB: 65536 }],
  ],
  [
    'titles and elements',
    read(`<title>old</title>${mine('1')}`),
    read(`<description>new</description>${mine('2')}`),
    [
      { what: 'metadata', kind: 'title', uri: null },
      { what: 'metadata', kind: 'description', uri: null },
      { what: 'metadata', kind: 'element', uri: 'http://m/' },
    ],
  ],
  [
    'links',
    read('', link('one') + link('two')),
    read('', link('two') + link('three')),
    [
      { what: 'device-removed', alias: 'one' },
      { what: 'device-added', alias: 'three' },
    ],
  ],
];

for (const [what, before, after, changes] of cases)
  test(what, () => assert.deepEqual(changesBetween(before, after, facts), changes));
