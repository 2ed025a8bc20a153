// A host as a scrape knows it, for tests and benches of the families: as many domains as are asked for, all that can be null included.
// SPDX-License-Identifier: Apache-2.0
import type { BackupStatus, BeancounterRow, DomainSummary } from '@ctvirt/api';
import type { DomainOverview, KnownDomain, LinkOverview } from '@ctvirt/engine';
import type { Known } from '../metrics/known.js';

/** What the last look at one of these found, and what this kernel tells of it. */
const seen: KnownDomain = {
  ...{ at: new Date('2026-11-30T12:00:00Z'), links: [], refused: 12 },
  use: { usedMemoryKiB: 65_536, cpuTimeNs: 12_500_000_000, processes: 17, maxProcesses: 200 },
  cpu: { totalNs: 12_500_000_000, userNs: 10_000_000_000, systemNs: 2_500_000_000 },
  memory: {
    ...{ usedKiB: 65_536, limitKiB: 262_144, rssKiB: 40_960, cacheKiB: 20_480, swapKiB: 0 },
    ...{ faults: 5000, majorFaults: 40 },
  },
  io: { readBytes: 1_048_576, writtenBytes: 2_097_152, reads: 100, writes: 200 },
  waits: { throttledNs: 500_000_000, cpuNs: 250_000_000, memoryNs: 0, ioNs: null },
  shortages: { reclaims: 2, limitHits: 3, kills: 1 },
  disk: null,
  passed: { rx: 9500, tx: 4000 },
};

const passed = (bytes: number) => ({ bytes, packets: bytes / 100, errors: 0, drops: null });
const knownLink = (hostName: string | null): LinkOverview => ({
  name: 'eth0',
  hostName,
  mac: '52:54:00:12:34:56',
  bridge: 'virbr0',
  rx: passed(9000),
  tx: passed(4000),
});

const row = (resource: string, limit: number | null, failcnt: number | null): BeancounterRow => ({
  ...{ resource, unit: 'count', held: 17, maxheld: 20, sampled: false, barrier: limit, limit, failcnt },
  how: 'counted',
});

const backupOf = (domain: string, uuid: string): BackupStatus => ({
  ...{ domain, uuid, state: 'ok', schedule: { when: '@daily', isOfHost: true }, failure: null },
  untold: null,
  last: { id: 'f00', repository: 'main', takenAt: '2026-11-30T02:00:00Z', ageSeconds: 36_000 },
  nextAt: '2026-12-01T02:00:00Z',
});

/** One that runs. */
export function knownDomain(name: string, at: number): DomainOverview {
  const uuid = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
  const startedAt = new Date('2026-11-30T10:00:00Z');
  const summary: DomainSummary = {
    ...{ id: 100 + at, name, uuid, type: 'openvz', title: null, state: 'running', reason: 'booted' },
    ...{ autostart: true, persistent: true, ctid: 100 + at, template: 'debian-12', profile: 'vps.basic' },
    ...{ hostname: name, addresses: [] },
  };
  return {
    ...summary,
    ...{ group: `/ctvirt/${name}`, startedAt },
    run: {
      ...{ maximumMemoryKiB: 262_144, maximumVcpus: 4, currentVcpus: 2 },
      delivery: {
        name,
        given: {
          ...{ seconds: 300, cpuShare: 0.25, throttledShare: 0, waitedShare: 0, hostIdleShare: 0.5 },
          ...{ memoryBytes: 67_108_864, leastMemoryBytes: 60_000_000, mostMemoryBytes: 70_000_000 },
          ...{ reclaims: 2, limitHits: 0, kills: 0, stalledShare: 0 },
        },
        cpu: { units: 1000, promisedShare: 0.1, verdict: 'kept' },
        memory: { allocationBytes: 134_217_728, survivalBytes: 0, verdict: 'broken' },
      },
      links: [knownLink(`veth${at}`)],
      filesystems: [
        {
          target: '/',
          space: { used: 1_000_000_000, soft: null, hard: 2_000_000_000 },
          inodes: { used: 20_000, soft: null, hard: null },
        },
      ],
      beancounters: [row('numproc', 200, 9), row('physpages', null, 0), row('numfile', null, 3)],
      seen,
    },
    snapshots: {
      count: 2,
      lastAt: new Date('2026-11-30T00:00:00Z'),
      nextAt: new Date('2026-12-01T00:00:00Z'),
    },
    backup: backupOf(name, uuid),
  };
}

/** One that is off, of which nothing is kept. */
export function knownOff(name: string, at: number): DomainOverview {
  const running = knownDomain(name, at);
  return {
    ...running,
    ...{ id: null, state: 'shutoff', reason: 'shutdown', group: null, startedAt: null, run: null },
    ...{ ctid: null, profile: null, template: null },
    snapshots: { count: 0, lastAt: null, nextAt: null },
    backup: { ...running.backup, state: 'none', schedule: null, last: null, nextAt: null },
  };
}

/** A host with these domains. */
export const knownHost = (domains: readonly DomainOverview[]): Known => ({
  version: '0.1.0',
  arch: 'x86_64',
  sweep: { endedAt: new Date('2026-11-30T12:00:00Z'), seconds: 0.05 },
  domains,
  ledger: [
    {
      ...{ resource: 'allocation', unit: 'bytes', promisedBy: 'vmguarpages', capacity: 8_000_000_000 },
      ...{ reserve: 268_435_456, guaranteed: 134_217_728, limited: 268_435_456, used: 67_108_864 },
      headroom: 7_597_346_816,
    },
    {
      ...{ resource: 'cpu', unit: 'units', promisedBy: 'cpuunits', capacity: 200_000, reserve: 0 },
      ...{ guaranteed: 1000, limited: null, used: 0, headroom: 199_000 },
    },
    {
      ...{ resource: 'processes', unit: 'count', promisedBy: 'numproc', capacity: 32_768, reserve: 0 },
      ...{ guaranteed: 0, limited: 200, used: 17, headroom: null },
    },
  ],
  admissions: { kept: 5, overcommitted: 1, refused: 0 },
  jobs: domains.slice(0, 1).map(({ name: domain, uuid }) => ({
    ...{ domain, uuid, kind: 'backup', startedAt: '2026-11-30T12:00:00Z' },
  })),
  endedJobs: domains.slice(0, 1).map(({ name: domain, uuid }) => ({
    of: { domain, uuid, kind: 'backup', state: 'failed' },
    count: 2,
  })),
  sessions: [
    { role: 'viewer', state: 'open' },
    { role: 'viewer', state: 'open' },
    { role: 'metrics', state: 'token' },
  ],
  requests: [{ of: { operation: 'domains.list', status: '200' }, count: 7 }],
});
