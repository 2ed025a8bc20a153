// What is booked of links: the sum of what passed, whatever becomes of links, daemons, disks and the clock.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TrafficReport } from '@ctvirt/api';
import fc from 'fast-check';
import { isFault } from '../errors.js';
import { writeAtomically } from '../host/files.js';
import type { LinkReading, Passed } from '../view.js';
import { nothing, sum } from './month.js';
import { KEPT_MONTHS, Traffic } from './traffic.js';

const base = mkdtempSync(join(tmpdir(), 'cvtraffic-'));
after(() => rmSync(base, { recursive: true }));

const passed = (inBytes: bigint, outBytes = 0n): Passed => ({
  inBytes,
  inPackets: inBytes / 100n,
  outBytes,
  outPackets: outBytes / 100n,
});
const reading = (link: string, counts: Passed, uuid = 'u1'): LinkReading => ({
  uuid,
  name: `name of ${uuid}`,
  link,
  passed: counts,
});

let folders = 0;
/** A folder with a clock, over which one daemon comes after the other. */
function host() {
  const folder = mkdtempSync(join(base, `${folders++}-`));
  const log: string[] = [];
  const state = {
    folder,
    log,
    at: '2026-11-29T12:00:00Z',
    names: new Map<string, string>(),
    /** What a write does instead of writing; `false` lets it write. */
    fault: (_nth: number): false | Error => false,
    writes: 0,
    open: () =>
      Traffic.open({
        folder,
        log: (level, message) => void log.push(`${level}: ${message}`),
        nameOf: (uuid) => state.names.get(uuid),
        uuidOf: (ref) => [...state.names].find(([, name]) => name === ref)?.[0],
        now: () => new Date(state.at),
        write: async (path, text) => {
          const fault = state.fault(state.writes++);
          if (fault !== false) throw fault;
          await writeAtomically(path, text, { durable: false });
        },
      }),
  };
  return state;
}

/** Of all months, as a client adds it up. */
async function booked(traffic: Traffic, months: readonly string[], uuid = 'u1'): Promise<Passed> {
  let total = nothing;
  for (const month of months)
    for (const report of await traffic.report({ month })) {
      const days = report.days.map(numbers).reduce(sum, nothing);
      assert.deepEqual(days, numbers(report.total));
      assert.equal(new Set(report.days.map(({ day }) => day)).size, report.days.length);
      if (report.uuid === uuid) total = sum(total, days);
    }
  return total;
}
const numbers = ({ inBytes, inPackets, outBytes, outPackets }: TrafficReport['total']): Passed => ({
  inBytes: BigInt(inBytes),
  inPackets: BigInt(inPackets),
  outBytes: BigInt(outBytes),
  outPackets: BigInt(outPackets),
});

test('what is booked is the difference to the last reading, by day, in UTC', async () => {
  const one = host();
  const traffic = await one.open();
  traffic.book([reading('a', passed(1000n, 300n))]);
  traffic.book([reading('a', passed(1500n, 300n)), reading('b', passed(70n))]);
  const [report] = await traffic.report();
  assert.deepEqual(report, {
    name: 'name of u1',
    uuid: 'u1',
    defined: false,
    month: '2026-11',
    days: [{ day: '2026-11-29', inBytes: '1570', inPackets: '15', outBytes: '300', outPackets: '3' }],
    total: { inBytes: '1570', inPackets: '15', outBytes: '300', outPackets: '3' },
  });
  await traffic.close();
});

test('sums beyond 2^53 and 2^64 stay exact, on the disk too', async () => {
  const one = host();
  const traffic = await one.open();
  const most = 2n ** 64n - 1n;
  traffic.book([reading('a', passed(most)), reading('b', passed(most))]);
  await traffic.close();
  const [report] = await (await one.open()).report();
  assert.equal(report?.total.inBytes, '36893488147419103230');
});

test('a counter that is lower is that of a new link', async () => {
  const one = host();
  const traffic = await one.open();
  traffic.book([reading('a', passed(1000n, 500n))]);
  traffic.book([reading('a', passed(2000n, 100n))]);
  assert.equal((await booked(traffic, ['2026-11'])).inBytes, 3000n);
});

test('a domain is found by what it is called, and by what it was called when it is gone', async () => {
  const one = host();
  const traffic = await one.open();
  one.names.set('u1', 'web').set('u3', 'idle');
  traffic.book([
    { ...reading('a', passed(1n)), name: 'web' },
    { ...reading('b', passed(2n), 'u2'), name: 'web' },
    { ...reading('c', passed(3n), 'u0'), name: 'mail' },
  ]);
  const found = async (domain: string) =>
    (await traffic.report({ domain })).map(({ uuid, defined, total }) => [uuid, defined, total.inBytes]);
  assert.deepEqual(await found('web'), [
    ['u1', true, '1'],
    ['u2', false, '2'],
  ]);
  assert.deepEqual(await found('u2'), [['u2', false, '2']]);
  assert.deepEqual(await found('mail'), [['u0', false, '3']]);
  assert.deepEqual(await found('idle'), [['u3', true, '0']]);
  await assert.rejects(traffic.report({ domain: 'none' }), (error) => isFault(error, 'not-found'));
  await assert.rejects(traffic.report({ month: '2026-13' }), (error) => isFault(error, 'invalid'));
  assert.deepEqual(await traffic.report({ month: '2025-01' }), []);
});

test('a full disk keeps nothing from being counted, and is told once', async () => {
  const one = host();
  const traffic = await one.open();
  one.fault = () => new Error('ENOSPC');
  let isWritten = false;
  for (const [at, count] of [
    ['2026-11-30T23:59:00Z', 10n],
    ['2026-12-01T00:01:00Z', 25n],
    ['2027-01-01T00:01:00Z', 26n],
  ] as const) {
    one.at = at;
    traffic.book([reading('a', passed(count))]);
    traffic.saveSoon(() => (isWritten = true));
    await traffic.save();
  }
  assert.deepEqual([one.log.length, isWritten, readdirSync(one.folder)], [1, false, []]);
  one.fault = () => false;
  await traffic.close();
  assert.ok(isWritten);
  const next = await one.open();
  for (const [month, count] of [
    ['2026-11', 10n],
    ['2026-12', 15n],
    ['2027-01', 1n],
  ] as const)
    assert.equal((await booked(next, [month])).inBytes, count);
});

test('what is damaged is set aside, and what its links had since the month before is counted anew', async () => {
  const one = host();
  let traffic = await one.open();
  traffic.book([reading('a', passed(10n))]);
  one.at = '2026-12-01T00:00:00Z';
  traffic.book([reading('a', passed(17n))]);
  await traffic.close();
  writeFileSync(join(one.folder, '2026-12.json'), '{"version":1,');
  traffic = await one.open();
  assert.match(one.log.join(), /error: .*2026-12.json was damaged/);
  traffic.book([reading('a', passed(20n))]);
  assert.equal((await booked(traffic, ['2026-12'])).inBytes, 10n);
  await traffic.close();
  assert.deepEqual(readdirSync(one.folder).sort(), ['2026-11.json', '2026-12.json', '2026-12.json.damaged']);
});

test(`the last ${KEPT_MONTHS} months are kept`, async () => {
  const one = host();
  const traffic = await one.open();
  for (let at = 0; at < 15; at++) {
    one.at = new Date(Date.UTC(2026, at, 3)).toISOString();
    traffic.book([reading('a', passed(BigInt(at + 1)))]);
    await traffic.save();
  }
  const files = readdirSync(one.folder).sort();
  assert.deepEqual([files.length, files[0], files.at(-1)], [KEPT_MONTHS, '2026-03.json', '2027-03.json']);
  assert.equal((await booked(traffic, ['2026-03'])).inBytes, 1n);
});

test('with the clock set back before all months that are kept, nothing is lost or booked twice', async () => {
  const one = host();
  let traffic = await one.open();
  for (let at = 0; at < KEPT_MONTHS; at++) {
    one.at = new Date(Date.UTC(2026, at, 3)).toISOString();
    traffic.book([reading('a', passed(BigInt(at + 1)))]);
    await traffic.save();
  }
  one.at = '1970-01-01T00:01:00Z';
  traffic.book([reading('a', passed(100n))]);
  await traffic.close();
  traffic = await one.open();
  assert.equal((await booked(traffic, ['1970-01'])).inBytes, 100n - BigInt(KEPT_MONTHS));
  one.at = '2027-01-04T12:00:00Z';
  traffic.book([reading('a', passed(101n))]);
  assert.equal((await booked(traffic, ['2027-01'])).inBytes, 2n);
  await traffic.close();
});

test("another month's file, a folder in its place and one that is damaged meanwhile are set aside", async () => {
  const one = host();
  let traffic = await one.open();
  traffic.book([reading('a', passed(10n))]);
  await traffic.close();
  const path = (month: string) => join(one.folder, `${month}.json`);
  writeFileSync(path('2026-12'), readFileSync(path('2026-11')));
  mkdirSync(path('2027-01'));
  traffic = await one.open();
  writeFileSync(path('2026-10'), '{');
  assert.deepEqual(await traffic.report({ month: '2026-10' }), []);
  one.at = '2026-12-02T12:00:00Z';
  traffic.book([reading('a', passed(17n))]);
  assert.deepEqual(
    [(await booked(traffic, ['2026-11'])).inBytes, (await booked(traffic, ['2026-12'])).inBytes],
    [10n, 7n],
  );
  await traffic.close();
  assert.deepEqual(readdirSync(one.folder).sort(), [
    ...[
      '2026-10.json.damaged',
      '2026-11.json',
      '2026-12.json',
      '2026-12.json.damaged',
      '2027-01.json.damaged',
    ],
  ]);
  assert.equal(one.log.filter((line) => /was damaged/.test(line)).length, 3);
});

test('nothing is forgotten of a link that is there', async () => {
  const one = host();
  const traffic = await one.open();
  traffic.book([reading('a', passed(5n)), reading('b', passed(7n))], (link) => link === 'a');
  await traffic.close();
  const text = readFileSync(join(one.folder, '2026-11.json'), 'utf8');
  assert.ok(text.includes('"a":') && !text.includes('"b":'), text);
});

/** What may happen, each with numbers that say how much or when. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      link: fc.nat(3),
      more: fc.bigInt(0n, 2n ** 60n),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('renew' as const), link: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('save' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const), during: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('full' as const), isFull: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('clock' as const), day: fc.nat(100) }) },
);

test('the sum booked is the sum of what passed, with daemons killed at each write, full disks and any clock', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const one = host();
      let traffic = await one.open();
      const links = [0, 1, 2, 3].map((at) => ({ name: `${at}.0`, counts: 0n, renewed: 0 }));
      let truth = 0n;
      const read = (): void =>
        traffic.book(
          links.map(({ name, counts }) => reading(name, passed(counts))),
          (link) => links.some(({ name }) => name === link),
        );
      let isFull = false;
      for (const each of steps) {
        if (each.kind === 'pass') {
          const link = links[each.link];
          if (link !== undefined) link.counts += each.more;
          truth += each.more;
        } else if (each.kind === 'read') read();
        else if (each.kind === 'renew') {
          // It goes: read for the last time, and written, before a new one has its place.
          read();
          one.fault = () => false;
          await traffic.save();
          const link = links[each.link];
          if (link !== undefined) Object.assign(link, { name: `${each.link}.${++link.renewed}`, counts: 0n });
        } else if (each.kind === 'save') {
          one.fault = () => (isFull ? new Error('ENOSPC') : false);
          await traffic.save();
        } else if (each.kind === 'full') isFull = each.isFull;
        else if (each.kind === 'clock') one.at = new Date(Date.UTC(2026, 9, 1 + each.day)).toISOString();
        else {
          // In the middle of a save: some writes are done, the others never are.
          const last = one.writes + each.during;
          one.fault = (nth) => (nth < last ? false : new Error('killed'));
          await traffic.save();
          traffic = await one.open();
        }
      }
      read();
      const months = ['2026-10', '2026-11', '2026-12', '2027-01'];
      assert.equal((await booked(traffic, months)).inBytes, truth);
      one.fault = () => false;
      await traffic.close();
      assert.equal((await booked(await one.open(), months)).inBytes, truth);
    }),
    { numRuns: 300 },
  );
});
