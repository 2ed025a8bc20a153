// As many domains as are asked for, looked at for an hour and some minutes on a clock that runs as fast as it can; prints what that took.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Keeper } from '../../packages/engine/dist/history/keeper.js';
import { Sweep } from '../../packages/engine/dist/history/sweep.js';
import { lookAt } from '../../packages/engine/dist/testing/looks.js';

const [folder = '', count = '1000', rounds = '30', isKept = 'kept'] = process.argv.slice(2);
const { gc } = globalThis;
if (gc === undefined) throw new Error('node --expose-gc');

/** @param {number} at */
const uuidOf = (at) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
let nowMs = Date.parse('2026-11-30T12:00:00Z');
const entries = Array.from({ length: Number(count) }, (_, at) => ({
  record: { uuid: uuidOf(at), name: `domain-${at}` },
  running: {},
}));
const side = (/** @type {number} */ bytes) => ({ bytes, packets: 1, errors: 0, drops: 0 });

/** All that counts rises, for each at another rate. */
const look = (/** @type {number} */ at) => {
  const seconds = nowMs / 1000;
  const so = seconds * (at + 1);
  return lookAt(seconds, {
    cpuNs: so * 1e6,
    throttledNs: so * 1e3,
    waitedNs: so * 1e4,
    stalledNs: so,
    ioWaitedNs: so,
    memoryBytes: 1e6 * at,
    io: { readBytes: so * 10, writtenBytes: so * 20, reads: so, writes: so },
    refused: Math.floor(seconds / 100),
    links: [{ name: 'eth0', hostName: `cv${at}.0`, mac: null, rx: side(so * 5), tx: side(so) }],
  });
};

const keeper = new Keeper({
  folder,
  log: (_level, message) => process.stderr.write(`${message}\n`),
  isDefined: () => true,
  now: () => new Date(nowMs),
});
const parts = {
  looks: {
    begin: async () => undefined,
    look: (/** @type {{ record: { name: string } }} */ { record }) => look(Number(record.name.slice(7))),
    known: () => undefined,
  },
  entries: () => entries,
  keeper: isKept === 'kept' ? keeper : { now: 0, take: async () => undefined },
  hostTime: () => ({ hostTicks: 0, hostIdleTicks: 0 }),
  sampled: () => undefined,
  claims: async () => undefined,
  promised: () => 1e6,
  disk: async () => ({ usedBytes: 1e9, limitBytes: null, usedInodes: null, limitInodes: null }),
  log: (/** @type {string} */ _level, /** @type {string} */ message) => process.stderr.write(`${message}\n`),
};
// The smallest that a sweep asks of a domain.
const sweep = new Sweep(/** @type {any} */ (parts));

async function minute() {
  for (let at = 0; at < 5; at++) {
    nowMs += 10_000;
    await sweep.round();
  }
  nowMs += 10_000;
}
for (let at = 0; at < 60; at++) {
  await minute();
  await sweep.round();
}
gc();
const bytes = process.memoryUsage().rss;
// What the same looks take where nobody keeps them is the other side.
if (isKept !== 'kept') {
  process.stdout.write(JSON.stringify({ bytes }));
  process.exit();
}

/** @type {number[]} */
const ticks = [];
/** @type {number[]} */
const longest = [];
for (let at = 0; at < Number(rounds); at++) {
  await minute();
  // The one before the next minute begins, without its looks: what is left is the writing.
  let most = 0;
  let last = performance.now();
  let isOver = false;
  const watch = () => {
    const now = performance.now();
    most = Math.max(most, now - last);
    last = now;
    if (!isOver) setImmediate(watch);
  };
  await sweep.round();
  nowMs += 10_000;
  const found = entries.map(({ record }, index) => /** @type {const} */ ([record.uuid, valuesOf(index)]));
  setImmediate(watch);
  last = performance.now();
  // Of the processor, whatever else the machine does meanwhile.
  const began = process.cpuUsage();
  await keeper.take(nowMs, found);
  const { user, system } = process.cpuUsage(began);
  ticks.push((user + system) / 1000);
  isOver = true;
  longest.push(most);
  for (let rest = 0; rest < 5; rest++) {
    nowMs += 10_000;
    await sweep.round();
  }
}
function valuesOf(/** @type {number} */ index) {
  return Array.from({ length: 15 }, () => index);
}

/** @type {number[]} */
const day = [];
for (let at = 0; at < 50; at++) {
  const began = performance.now();
  keeper.of(entries[at % entries.length]?.record ?? { uuid: '', name: '' }, {
    series: 'cpu,memory,sent',
    from: new Date(nowMs - 25 * 3_600_000).toISOString(),
  });
  day.push(performance.now() - began);
}
const files = readdirSync(folder).map((file) => statSync(join(folder, file)).blocks * 512);
const disk = files.reduce((sum, one) => sum + one, 0) / files.length;
process.stdout.write(JSON.stringify({ ticks, longest, day, bytes, disk }));
