// Tests of filling profiles into documents.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Domain, formatDomain, parseDomain, parseDomainOrThrow } from '@ctvirt/xml';
import { ubcOf } from '../beancounters.js';
import { rootOf } from '../edit.js';
import { applyProfile } from './apply-profile.js';
import { profiles } from './profiles.js';
import { unlimited } from './values.js';

const document = (inside = '', root = '') =>
  parseDomainOrThrow(
    `<domain type='openvz'><name>105</name>${inside}<devices><filesystem type='template'><source name='t'/><target dir='/'/>${root}</filesystem></devices></domain>`,
  );
const textOf = (name: string) => profiles.find((profile) => profile.name === name)?.text ?? '';
const apply = (domain: Domain, name: string, text = textOf(name)) =>
  applyProfile(domain, text, { profileName: name, pageSize: 4096, hostCpus: 4 });
const statusOf = (result: ReturnType<typeof apply>, key: string) =>
  result.report.find((row) => row.key === key)?.status;

test('a classic profile fills an open document', () => {
  const { domain } = apply(document(), 'vps.basic');
  assert.equal(domain.profile, 'vps.basic');
  assert.equal(domain.memoryKiB, 69632 * 4);
  assert.deepEqual(domain.memtune, { hardLimitKiB: 278528, softLimitKiB: 262144, minGuaranteeKiB: 135168 });
  assert.equal(domain.cputune?.shares, 1024);
  const root = rootOf(domain);
  assert.equal(root?.spaceSoftLimitBytes, 2 * 1024 ** 3);
  assert.equal(root?.spaceHardLimitBytes, 2306867 * 1024);
  assert.deepEqual(root?.quotas, [{ type: 'inodes', max: 144179, soft: 131072 }]);
  assert.deepEqual(ubcOf(domain, 'NUMPROC'), { barrier: 240n, limit: 240n });
  assert.deepEqual(ubcOf(domain, 'OOMGUARPAGES'), { barrier: 26112n, limit: unlimited });
  assert.equal(ubcOf(domain, 'PRIVVMPAGES'), undefined);
});

test('a VSwap profile sets memory, and memory with swap', () => {
  const { domain } = apply(document(), 'vswap-512m');
  assert.equal(domain.memoryKiB, 512 * 1024);
  assert.deepEqual(domain.memtune, { hardLimitKiB: 524288, swapHardLimitKiB: 1572864 });
});

test('explicit XML wins, and the report says so', () => {
  const own = document(
    "<metadata><ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'><ctvirt:parameter name='numproc' barrier='10' limit='10'/></ctvirt:beancounters></metadata><profile>mine</profile><memory unit='MiB'>64</memory><cputune><shares>7</shares></cputune>",
    "<space_hard_limit unit='MiB'>10</space_hard_limit><quota type='inodes' max='5'/>",
  );
  const result = apply(own, 'vps.basic');
  assert.equal(result.domain.profile, 'mine');
  assert.equal(result.domain.memoryKiB, 65536);
  assert.deepEqual(result.domain.memtune, { minGuaranteeKiB: 65536 });
  assert.equal(result.domain.cputune?.shares, 7);
  assert.equal(rootOf(result.domain)?.spaceSoftLimitBytes, undefined);
  assert.deepEqual(rootOf(result.domain)?.quotas, [{ type: 'inodes', max: 5 }]);
  assert.deepEqual(ubcOf(result.domain, 'NUMPROC'), { barrier: 10n, limit: 10n });
  for (const key of ['PRIVVMPAGES', 'CPUUNITS', 'DISKSPACE', 'DISKINODES', 'NUMPROC'])
    assert.equal(statusOf(result, key), 'ignored', key);
  assert.equal(statusOf(result, 'VMGUARPAGES'), 'approximated');
});

test('keys of one container and unknown or unreadable ones are left out', () => {
  const text =
    'HOSTNAME="evil"\nIP_ADDRESS="10.0.0.1"\nOSTEMPLATE="x"\nVE_PRIVATE="/x"\nNAME="n"\nODD="1"\nNUMPROC="many"\nVERBOSE="1"\nNAMESERVER="10.0.0.53"\n';
  const result = apply(document(), 'custom', text);
  assert.equal(result.domain.hostname, undefined);
  assert.equal(result.domain.devices.interfaces, undefined);
  assert.equal(rootOf(result.domain)?.type, 'template');
  assert.deepEqual(result.domain.dns?.nameservers, [{ address: '10.0.0.53' }]);
  for (const key of [
    'HOSTNAME',
    'IP_ADDRESS',
    'OSTEMPLATE',
    'VE_PRIVATE',
    'NAME',
    'ODD',
    'NUMPROC',
    'VERBOSE',
  ])
    assert.equal(statusOf(result, key), 'ignored', key);
});

test('processor keys become quota, vcpu and sets', () => {
  const text =
    'CPUUNITS="250"\nCPULIMIT="50%"\nCPUS="2"\nCPUMASK="0,2,3"\nNODEMASK="0"\nIOPRIO="7"\nIOLIMIT="10M"\n';
  const { domain } = apply(document(), 'custom', text);
  assert.deepEqual(domain.cputune, { shares: 256, period: 100000, quota: 200000 });
  assert.deepEqual(domain.vcpu, { placement: 'static', value: 2, cpuset: '0,2-3' });
  assert.deepEqual(domain.numatune, { memory: { mode: 'strict', nodeset: '0' } });
  assert.equal(domain.blkiotune?.weight, 128);
});

test('the filled document is one our own parser accepts without a finding, and stays as it is when filled again', () => {
  for (const { name, text } of profiles) {
    const { domain } = apply(document(), name, text);
    const xml = formatDomain(domain);
    const again = parseDomain(xml);
    assert.deepEqual(again.findings, [], name);
    assert.ok(again.domain);
    assert.equal(formatDomain(apply(again.domain, name, text).domain), xml, name);
  }
});
