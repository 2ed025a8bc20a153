// The families: names and labels that others rely on, and what becomes of domains that are off, or of which little is known.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { knownDomain, knownHost, knownOff } from '../testing/known-host.js';
import { incus } from './families/incus.js';
import { libvirt } from './families/libvirt.js';
import { own } from './families/own.js';
import type { Known } from './known.js';
import { type Group, textOf } from './write.js';

async function page(groups: readonly Group<Known>[], known: Known): Promise<string> {
  let text = '';
  for await (const part of textOf(groups, known)) text += part;
  return text;
}

const web = knownDomain('web', 1);
const host = knownHost([web, knownOff('old', 2)]);
const sampleOf = (text: string, start: string): string | undefined =>
  text
    .split('\n')
    .find((line) => line.startsWith(start))
    ?.split(' ')
    .at(-1);

test('each name is declared once, has a help, and ends in _total if it counts up', () => {
  for (const groups of [own, libvirt, incus]) {
    const all = groups.flatMap(({ families }) => families);
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    for (const { name, help, type } of all) {
      assert.match(name, /^[a-z][a-zA-Z0-9_]*$/);
      assert.match(help, /\.$/, name);
      if (type === 'counter') assert.match(name, /_total$/);
    }
  }
});

test('what exporters of libvirt tell of a running domain has their names and at least their labels', async () => {
  const text = await page(libvirt, host);
  const labels = 'domain="web",uuid="00000000-0000-4000-8000-000000000001"';
  const expected = {
    libvirt_up: '1',
    [`libvirt_domain_info_maximum_memory_bytes{${labels}}`]: '268435456',
    [`libvirt_domain_info_memory_usage_bytes{${labels}}`]: '67108864',
    [`libvirt_domain_info_virtual_cpus{${labels}}`]: '2',
    [`libvirt_domain_info_cpu_time_seconds_total{${labels}}`]: '12.5',
    [`libvirt_domain_info_vstate{${labels}}`]: '1',
    [`libvirt_domain_info_state{${labels},state_desc="the domain is running"}`]: '1',
    [`libvirt_domain_block_stats_read_bytes_total{${labels},source_file="",target_device="/"}`]: '1048576',
    [`libvirt_domain_block_stats_write_requests_total{${labels},source_file="",target_device="/"}`]: '200',
    [`libvirt_domain_block_stats_capacity_bytes{${labels},source_file="",target_device="/"}`]: '2000000000',
    [`libvirt_domain_block_meta{${labels},source_file="",target_device="/",disk_type="filesystem",driver_type="cgroup"}`]:
      '1',
    [`libvirt_domain_interface_meta{${labels},source_bridge="virbr0",target_device="veth1",virtual_interface="eth0"}`]:
      '1',
    [`libvirt_domain_interface_stats_receive_bytes_total{${labels},source_bridge="virbr0",target_device="veth1"}`]:
      '9000',
    [`libvirt_domain_interface_stats_transmit_packets_total{${labels},source_bridge="virbr0",target_device="veth1"}`]:
      '40',
    [`libvirt_domain_memory_stats_rss_bytes{${labels}}`]: '41943040',
    [`libvirt_domain_memory_stats_major_fault_total{${labels}}`]: '40',
  };
  for (const [start, value] of Object.entries(expected)) assert.equal(sampleOf(text, start), value, start);
});

test('of one that is off nothing is told that only a run has', async () => {
  const text = await page(own, host);
  const off = text.split('\n').filter((line) => line.includes('domain="old"'));
  assert.deepEqual([...new Set(off.map((line) => line.slice(0, line.indexOf('{'))))].sort(), [
    'ctvirt_domain_info',
    'ctvirt_domain_state',
    'ctvirt_snapshots',
  ]);
  const others = (await page(libvirt, host)).split('\n').filter((line) => line.includes('domain="old"'));
  assert.deepEqual(
    others.map((line) => line.slice(0, line.indexOf('{'))),
    ['libvirt_domain_info', 'libvirt_domain_info_meta', 'libvirt_domain_info_state'],
  );
  assert.equal(
    (await page(incus, host)).split('\n').some((line) => line.includes('name="old"')),
    false,
  );
});

test('before the first look nothing is told but what is known without one', async () => {
  const { run } = web;
  assert.ok(run);
  const unlooked = { ...web, run: { ...run, seen: null, links: [], filesystems: [], beancounters: [] } };
  const text = await page([...own, ...libvirt], knownHost([unlooked]));
  assert.doesNotMatch(
    text,
    /ctvirt_cpu_seconds|ctvirt_memory_bytes|block_stats_read|interface_stats|_quota_/,
  );
  assert.match(text, /^libvirt_domain_info_virtual_cpus\{.*\} 2$/m);
});

test('what this kernel does not count is no sample, never 0', async () => {
  const { run } = web;
  assert.ok(run?.seen);
  const waits = { ...run.seen.waits, cpuNs: null };
  const seen = { ...run.seen, waits, shortages: { ...run.seen.shortages, reclaims: null } };
  const cgroup1 = { ...web, run: { ...run, seen } };
  const text = await page(own, knownHost([cgroup1]));
  assert.doesNotMatch(text, /ctvirt_cpu_waited|ctvirt_memory_reclaims|ctvirt_io_waited/);
  assert.match(text, /^ctvirt_memory_stalled_seconds_total\{.*\} 0$/m);
});

test('beancounters are told where they are limited or were refused, and nowhere else', async () => {
  const text = await page(own, host);
  assert.deepEqual(text.match(/(?<=^ctvirt_beancounter_held\{.*resource=")\w+/gm), ['numproc', 'numfile']);
  assert.deepEqual(text.match(/(?<=^ctvirt_beancounter_limit\{.*resource=")\w+/gm), ['numproc']);
  assert.equal(
    sampleOf(
      text,
      'ctvirt_beancounter_failcnt_total{domain="web",uuid="00000000-0000-4000-8000-000000000001",resource="numproc"',
    ),
    '9',
  );
});

test('promises are told beside what was given, and whether they were kept', async () => {
  const text = await page(own, host);
  const kept = text.match(/(?<=^ctvirt_guarantee_domain_kept\{.*resource=").*$/gm);
  assert.deepEqual(kept, ['cpu"} 1', 'allocation"} 0']);
  assert.equal(sampleOf(text, 'ctvirt_guarantee_headroom{resource="cpu"'), '199000');
  assert.doesNotMatch(text, /ctvirt_guarantee_promised\{resource="processes"/);
});

test("the families that Incus' dashboard asks for are there, each with its labels", async () => {
  const text = await page(incus, host);
  const labels = 'name="web",project="default",type="container"';
  for (const start of [
    ...['MemTotal', 'MemFree', 'Cached', 'Swap'].map((name) => `incus_memory_${name}_bytes{${labels}}`),
    ...['user', 'system'].map((mode) => `incus_cpu_seconds_total{${labels},cpu="0",mode="${mode}"}`),
    ...['size', 'avail'].map((name) => `incus_filesystem_${name}_bytes{${labels},mountpoint="/"}`),
    ...['read_bytes', 'written_bytes', 'reads_completed', 'writes_completed'].map(
      (name) => `incus_disk_${name}_total{${labels},device="root"}`,
    ),
    ...['receive', 'transmit'].flatMap((verb) =>
      ['bytes', 'packets', 'errs'].map(
        (name) => `incus_network_${verb}_${name}_total{${labels},device="eth0"}`,
      ),
    ),
    `incus_procs_total{${labels}}`,
  ])
    assert.ok(sampleOf(text, start), start);
});

test('the alerts and the dashboard that are shipped ask for families and labels that there are', () => {
  const labels = new Map(
    own.flatMap((group) => group.families.map(({ name }) => [name, group.labels] as const)),
  );
  const examples = new URL('../../../../examples/', import.meta.url);
  for (const file of ['ctvirt.rules.yml', 'ctvirt.dashboard.json']) {
    const text = readFileSync(new URL(file, examples), 'utf8').replaceAll('\\"', '"');
    const asked = [...text.matchAll(/\b(ctvirt_[a-z_]+)(?:\{([^}]*)\})?/g)];
    assert.ok(asked.length > 10, file);
    for (const [, name = '', matchers = ''] of asked) {
      assert.ok(labels.has(name), `${file}: there is no ${name}`);
      // Those of the scrape itself are Prometheus' own.
      const known = [...(labels.get(name) ?? []), 'instance', 'job'];
      for (const [, label = ''] of matchers.matchAll(/(\w+)=~?"/g))
        assert.ok(known.includes(label), `${file}: ${name} has no label ${label}`);
    }
  }
});

test('each alert that is shipped is seen to say something by its test', () => {
  const [rules = '', tests = ''] = ['ctvirt.rules.yml', 'ctvirt.rules.test.yml'].map((file) =>
    readFileSync(new URL(`../../../../examples/${file}`, import.meta.url), 'utf8'),
  );
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const told = new Set([...tests.matchAll(/alertname: (\w+)\n +exp_alerts:/g)].map(([, name]) => name));
  assert.ok(alerts.length > 10);
  assert.deepEqual(
    alerts.filter((name) => !told.has(name)),
    [],
  );
});

test('sessions are counted by role and state', async () => {
  const text = await page(own, host);
  assert.deepEqual(text.match(/^ctvirt_web_sessions.*$/gm), [
    'ctvirt_web_sessions{role="viewer",state="open"} 2',
    'ctvirt_web_sessions{role="metrics",state="token"} 1',
  ]);
});
