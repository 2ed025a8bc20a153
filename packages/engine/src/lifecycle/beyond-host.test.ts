// Limits beyond what the host has are told, and none else.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setParameters } from '@ctvirt/formats';
import { parseDomain } from '@ctvirt/xml';
import { beyondHost } from './beyond-host.js';

const facts = { pageSize: 4096, hostCpus: 2, memoryBytes: 4 * 2 ** 30 };
const domainOf = (limits: string) =>
  parseDomain(
    `<domain type='lxc'><name>a</name>${limits}<os><type>exe</type></os><devices><filesystem type='mount'><source dir='/r'/><target dir='/'/></filesystem></devices></domain>`,
  ).domain ?? assert.fail(limits);
const pathsOf = (limits: string): string[] => beyondHost(domainOf(limits), facts).map(({ path }) => path);

test('more memory than there is limits nothing, and is told; just as much is a limit', () => {
  assert.deepEqual(pathsOf("<memory unit='GiB'>4</memory>"), []);
  assert.deepEqual(pathsOf("<memory unit='GiB'>5</memory>"), ['/domain/memory']);
  const memtune = "<memtune><hard_limit unit='GiB'>5</hard_limit></memtune>";
  assert.deepEqual(pathsOf(memtune), ['/domain/memtune/hard_limit']);
  // What libvirt writes for none.
  assert.deepEqual(pathsOf("<memtune><hard_limit unit='KiB'>9007199254740991</hard_limit></memtune>"), []);
  assert.deepEqual(pathsOf(''), []);
});

test('the same of a limit that is set', () => {
  const set = (value: string) => beyondHost(setParameters(domainOf(''), { ram: value }, facts), facts);
  assert.match(set('9999T')[0]?.message ?? '', /MiB of memory limits nothing: this host has 4096 MiB$/);
  for (const value of ['2G', 'unlimited']) assert.deepEqual(set(value), []);
});
