// The ledger against OpenVZ's formulas, with numbers worked out by hand.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuaranteePolicy } from '@ctvirt/api';
import { applyProfile, profiles } from '@ctvirt/formats';
import { parseDomainOrThrow } from '@ctvirt/xml';
import { MemoryRun } from '../drivers/memory/driver.js';
import { type Claim, claimOf } from '../lifecycle/claim.js';
import { Registry } from '../registry/registry.js';
import { domainRecord } from '../testing/record.js';
import { Admission } from './admission.js';
import { Guarantees } from './guarantees.js';
import { howManyFit, ledgerOf, shortagesOf, withMore } from './ledger.js';

const MiB = 2 ** 20;
const facts = { pageSize: 4096, hostCpus: 2 };
const host = { memoryBytes: 1024 * MiB, swapBytes: 512 * MiB, processes: 32768, cpuUnits: 100_000 };
const none = { memoryBytes: 0, swapBytes: 0, processes: 0 };
const claim = (name: string, set: Partial<Claim> = {}): Claim => ({
  name,
  allocationBytes: 0,
  survivalBytes: 0,
  kernelBytes: 0,
  memoryMaxBytes: null,
  processesMax: null,
  cpuUnits: 1000,
  ...set,
});

test('a profile of OpenVZ promises what its parameters say', () => {
  const basic = profiles.find(({ name }) => name === 'vps.basic');
  assert.ok(basic);
  const document = parseDomainOrThrow(
    "<domain type='openvz'><name>1</name><devices><filesystem type='template'><source name='t'/><target dir='/'/></filesystem></devices></domain>",
  );
  const { domain } = applyProfile(document, basic.text, { ...facts, profileName: 'vps.basic' });
  assert.deepEqual(claimOf(domain, facts), {
    name: '1',
    allocationBytes: 33792 * 4096,
    survivalBytes: 26112 * 4096,
    // KMEMSIZE + TCPRCVBUF + TCPSNDBUF + DGRAMRCVBUF + OTHERSOCKBUF, at their limits.
    kernelBytes: 14790164 + 2703360 + 2703360 + 262144 + 2097152,
    memoryMaxBytes: 69632 * 4096 + 14790164 + 2703360 + 2703360 + 262144 + 2097152,
    processesMax: 240,
    cpuUnits: 1000,
  });
});

test('alloc commit is VMGUARPAGES and kernel memory over memory and swap, mem+swap commit OOMGUARPAGES likewise', () => {
  const claims = [
    claim('a', {
      allocationBytes: 100 * MiB,
      survivalBytes: 80 * MiB,
      kernelBytes: 20 * MiB,
      memoryMaxBytes: 200 * MiB,
    }),
    claim('b', {
      allocationBytes: 300 * MiB,
      kernelBytes: 30 * MiB,
      memoryMaxBytes: 400 * MiB,
      processesMax: 10,
    }),
  ];
  const held = { memoryBytes: 90 * MiB, swapBytes: 10 * MiB, processes: 7 };
  const [allocation, survival, cpu, processes] = ledgerOf(host, 100 * MiB, claims, held);
  assert.deepEqual(
    [
      allocation?.capacity,
      allocation?.guaranteed,
      allocation?.headroom,
      allocation?.limited,
      allocation?.used,
    ],
    [1536 * MiB, 450 * MiB, (1536 - 100 - 450) * MiB, 600 * MiB, 100 * MiB],
  );
  assert.deepEqual([survival?.guaranteed, survival?.headroom], [130 * MiB, 1306 * MiB]);
  assert.deepEqual([cpu?.capacity, cpu?.guaranteed, cpu?.headroom], [100_000, 2000, 98_000]);
  assert.deepEqual([processes?.limited, processes?.used, processes?.headroom], [null, 7, null]);
});

test('an empty host has everything left, and what asks for nothing always fits', () => {
  const ledger = ledgerOf(host, 0, [], none);
  assert.deepEqual(
    ledger.map(({ headroom }) => headroom),
    [1536 * MiB, 1536 * MiB, 100_000, null],
  );
  assert.equal(howManyFit(ledger, claim('x', { cpuUnits: 0 })), null);
});

test('how many more fit is what the scarcest resource says', () => {
  const ledger = ledgerOf(host, 36 * MiB, [claim('a', { allocationBytes: 500 * MiB })], none);
  const fit = (mebibytes: number) => howManyFit(ledger, claim('x', { allocationBytes: mebibytes * MiB }));
  assert.deepEqual(fit(100), { fits: 10, resource: 'allocation', each: 100 * MiB });
  assert.deepEqual(fit(1), { fits: 99, resource: 'cpu', each: 1000 });
  assert.equal(fit(1001)?.fits, 0);
});

test('a shortage shows its arithmetic; exactly full is none', () => {
  const others = [claim('a', { allocationBytes: 1000 * MiB })];
  assert.deepEqual(shortagesOf(host, 36 * MiB, others, claim('x', { allocationBytes: 500 * MiB })), []);
  assert.deepEqual(shortagesOf(host, 36 * MiB, others, claim('x', { allocationBytes: 501 * MiB })), [
    {
      resource: 'allocation',
      promisedBy: 'vmguarpages, min_guarantee',
      capacity: 1536 * MiB,
      reserve: 36 * MiB,
      promised: 1000 * MiB,
      asked: 501 * MiB,
      missing: 1 * MiB,
    },
  ]);
});

const gate = (policy: GuaranteePolicy, running: readonly Claim[], warnings: string[] = []) =>
  new Admission({
    policy,
    reserveBytes: 0,
    capacity: () => host,
    running: async (except) => running.filter(({ name }) => name !== except),
    warn: (message) => warnings.push(message),
  });
const big = (name: string) => claim(name, { allocationBytes: 1000 * MiB });

test('strict refuses, warn lets in and says so, off asks nothing', async () => {
  await assert.rejects(gate('strict', [big('a')]).beside(big('b')), { code: 'overcommitted' });
  const warnings: string[] = [];
  await gate('warn', [big('a')], warnings).beside(big('b'));
  await gate('off', [big('a')], warnings).beside(big('b'));
  assert.equal(warnings.length, 1);
  assert.equal(
    warnings[0],
    "this host cannot keep what domain 'b' is promised: allocation: 1000 MiB promised to others + 1000 MiB asked (vmguarpages, min_guarantee) > 1536 MiB of memory and swap, 464 MiB too much; see `ctvirt guarantees`",
  );
});

test('what is just starting counts, what has started again counts once, what failed no more', async () => {
  const admission = gate('strict', []);
  const first = await admission.beside(big('a'));
  await assert.rejects(admission.beside(big('b')), { code: 'overcommitted' });
  await admission.beside(big('a'));
  first[Symbol.dispose]();
  await admission.beside(big('b'));
});

test('a definition is weighed alone', () => {
  assert.equal(gate('strict', [big('a')]).alone(big('b')), undefined);
  assert.throws(() => gate('strict', []).alone(claim('x', { survivalBytes: 2048 * MiB })), {
    code: 'overcommitted',
  });
  assert.match(
    gate('warn', []).alone(claim('x', { survivalBytes: 2048 * MiB, kernelBytes: 10 * MiB })) ?? '',
    /survival: .* 2058 MiB asked \(oomguarpages: 2048 MiB, kernel memory: 10 MiB\) > /,
  );
});

test('so many more are what as many claims would come to', () => {
  const limited = { memoryMaxBytes: 400 * MiB, processesMax: 10 };
  const there = [claim('a', { allocationBytes: 100 * MiB, ...limited }), claim('b', limited)];
  const held = { memoryBytes: 7 * MiB, swapBytes: MiB, processes: 3 };
  const each = { allocationBytes: 3 * MiB, survivalBytes: 2 * MiB, kernelBytes: MiB, cpuUnits: 250 };
  for (const more of [claim('c', each), claim('c', { ...each, ...limited })])
    for (const count of [1, 3, 10_000]) {
      const all = [...there, ...Array.from({ length: count }, () => more)];
      const ledger = ledgerOf(host, 5 * MiB, there, held);
      assert.deepEqual(withMore(ledger, more, count), ledgerOf(host, 5 * MiB, all, held));
    }
});

test('others have their turn while it is asked what each domain holds', async () => {
  const domain = parseDomainOrThrow(
    "<domain type='lxc'><name>1</name><os><type>exe</type></os><devices><filesystem type='ram'><source usage='1'/><target dir='/'/></filesystem></devices></domain>",
  );
  class Slow extends MemoryRun {
    override held() {
      const until = performance.now() + 1;
      while (performance.now() < until);
      return { memoryBytes: 1, swapBytes: 0, processes: 1 };
    }
  }
  const registry = new Registry();
  const running = Array.from({ length: 100 }, (_, at) => {
    const entry = registry.add(domainRecord({ name: `d${at}` }), 'running', 'booted');
    entry.running = new Slow(1, domain);
    return entry;
  });
  const guarantees = new Guarantees({
    ...{ policy: 'warn', reserveBytes: 0, facts, warn: () => undefined },
    running: () => running,
    document: async () => domain,
    known: () => domain,
  });
  let turns = 0;
  const beat = (): void => {
    turns++;
    next = setImmediate(beat);
  };
  let next = setImmediate(beat);
  const { rows, domains } = await guarantees.whatIf(domain, 10_000);
  clearImmediate(next);
  assert.ok(turns >= 10, `others had ${turns} turns`);
  assert.equal(domains.length, running.length);
  assert.equal(rows[0]?.used, running.length);
});
