// `npm run campaign [-- NAME … --minutes N --count N --seed N --short --write]`: the trials of hours, and a table of what they found.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tableOf } from './campaign/table.mjs';
import { root, setUp, testPackages } from './setup.mjs';
import { reportOf, step } from './steps.mjs';
import { machineDisks } from './vm/image.mjs';
import { machinePackages, tellStories } from './vm/lane.mjs';

/** @param {readonly string[]} names */
const usage = (names) =>
  `npm run campaign [-- ${names.join('|')} … --minutes N --count N --seed N --short --write]\n`;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    count: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 0x7fffffff) },
    short: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

/** Where a fault leaves what is needed to see it again. */
const artifacts = process.env.CTVIRT_ARTIFACTS ?? '/tmp/ctvirt-artifacts';
const results = join(root, 'docs/campaign.json');
const fuzzTargets = ['xml', 'rpc', 'formats', 'http', 'tar', 'lxc-conf', 'networks'];

/**
 * How much a part is to do, and what of it is told meanwhile.
 * @typedef {{ count: number, minutes: number, seed: number, note: import('./steps.mjs').Note }} Order
 * @typedef {{ done: string, figures: string, faults: readonly string[] }} Found
 * @typedef {{ count: number, minutes: number }} Amount
 * @typedef {{ what: string, long: Amount, short: Amount, run: (order: Order) => Promise<Found> }} Part
 */

/** Every target for `minutes`, as many side by side as there are processors; what it prints at a fault has the case. @type {Part} */
const fuzz = {
  what: `mutated input: ${fuzzTargets.join(', ')}`,
  long: { count: 0, minutes: 60 },
  short: { count: 0, minutes: 0.05 },
  run: async ({ minutes, seed, note }) => {
    /** @type {Map<string, { status: number | null, text: string }>} */
    const told = new Map();
    const left = [...fuzzTargets];
    const lane = async () => {
      for (let target = left.shift(); target !== undefined; target = left.shift()) {
        note(target);
        const words = [target, '--seconds', String(minutes * 60), '--seed', String(seed)];
        told.set(target, await output([process.execPath, join(root, 'scripts/fuzz.mjs'), ...words]));
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, lane));
    const figures = [...told.values()].flatMap(({ text }) =>
      text
        .split('\n')
        .filter((line) => line.endsWith(', no fault'))
        .map((line) => line.slice(0, -', no fault'.length)),
    );
    return {
      done: `${minutes} minutes for each of ${fuzzTargets.length} targets`,
      figures: figures.join('; '),
      faults: [...told]
        .filter(([, { status }]) => status !== 0)
        .map(([name, { text }]) => `${name}: ${text}`),
    };
  },
};

/** So many kills for one boot: a fault is seen early, and what has passed counts when the time is over. */
const killsOfMachine = 50;

/** The kills once more where there is cgroup v2 alone, and systemd; one emulated processor for each of the host's. @type {Part} */
const killsInMachine = {
  what: 'the same kills with cgroup v2 and systemd, in virtual machines side by side',
  long: { count: 1000, minutes: 0 },
  short: { count: 4, minutes: 0 },
  run: async ({ count, minutes, seed, note }) => {
    await machineDisks();
    const end = minutes > 0 ? performance.now() + minutes * 60_000 : Number.POSITIVE_INFINITY;
    /** @type {string[]} */
    const faults = [];
    /** @type {Map<string, number>} */
    const interrupted = new Map();
    let asked = 0;
    let done = 0;
    const machine = async () => {
      while (asked < count && performance.now() < end) {
        const kills = Math.min(killsOfMachine, count - asked);
        // Each machine has two worlds, and each of them a seed.
        const own = seed + 2 * Math.floor(asked / killsOfMachine);
        asked += kills;
        let told = 0;
        /** @param {import('./vm/machine.mjs').Report} report */
        const onReport = ({ kind, name, message, text }) => {
          if (kind === 'fail') faults.push(`seed ${own}: ${name}\n${text}`);
          if (kind === 'pass') told++;
          if (kind !== 'note') return;
          if (message?.endsWith(' kills')) note(`${++done} kills`);
          for (const [, title, times] of message?.startsWith('interrupted')
            ? message.matchAll(/(\w+) (\d+)/g)
            : [])
            interrupted.set(title, (interrupted.get(title) ?? 0) + Number(times));
        };
        const env = { CTVIRT_KILLS: String(kills), CTVIRT_SEED: String(own) };
        await tellStories(['kills'], onReport, env).catch((error) =>
          faults.push(`seed ${own}: ${reportOf(error)}`),
        );
        if (told === 0) faults.push(`seed ${own}: the machine told of no story that passed`);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, machine));
    const counts = [...interrupted].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      done: `${done} kills`,
      figures: `interrupted: ${counts.map(([title, times]) => `${title} ${times}`).join(', ') || 'nothing'}`,
      faults,
    };
  },
};

/**
 * @param {readonly string[]} argv
 * @returns {Promise<{ status: number | null, text: string }>}
 */
function output(argv) {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, text }));
  });
}

async function campaign() {
  await setUp([...testPackages, ...machinePackages]);
  const { parts } = await import('../e2e/dist/campaign/parts.js');
  /** @type {Readonly<Record<string, Part>>} */
  const all = { ...parts, 'kills-vm': killsInMachine, fuzz };
  const wanted = positionals.length > 0 ? positionals : Object.keys(all);
  if (!wanted.every((name) => Object.hasOwn(all, name))) {
    process.stderr.write(usage(Object.keys(all)));
    process.exitCode = 2;
    return;
  }
  /** @type {Record<string, import('./campaign/table.mjs').Row>} */
  const rows = {};
  for (const name of wanted) rows[name] = await runPart(name, all[name]);
  process.stdout.write(`${tableOf(rows)}\n`);
  if (values.write) write(rows);
}

/**
 * @param {string} name
 * @param {Part} part
 */
async function runPart(name, { what, long, short, run }) {
  const usual = values.short ? short : long;
  const seed = Number(values.seed);
  const began = performance.now();
  const { done, figures, faults } = await step(`${name}: ${what}`, async (note) => {
    const order = {
      count: Number(values.count ?? usual.count),
      minutes: Number(values.minutes ?? usual.minutes),
      seed,
      note,
    };
    return await run(order).catch((error) => ({
      done: 'broken off',
      figures: '',
      faults: [reportOf(error)],
    }));
  });
  if (faults.length > 0) {
    process.exitCode = 1;
    mkdirSync(artifacts, { recursive: true });
    const file = join(artifacts, `campaign-${name}-${seed}.txt`);
    writeFileSync(file, `npm run campaign -- ${name} --seed ${seed}\n\n${faults.join('\n\n')}\n`);
    process.stderr.write(`✗ ${name}: ${faults.length} faults, told in ${file}\n`);
  }
  const minutes = Math.round((performance.now() - began) / 6000) / 10;
  return {
    what,
    done,
    figures,
    faults: faults.length,
    minutes,
    date: new Date().toISOString().slice(0, 10),
    seed,
  };
}

/**
 * The rows of this run take the place of those of earlier ones; `npm run gen` writes the table from them.
 *
 * @param {Readonly<Record<string, import('./campaign/table.mjs').Row>>} rows
 */
function write(rows) {
  const earlier = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : {};
  writeFileSync(results, `${JSON.stringify({ ...earlier, ...rows }, null, 2)}\n`);
}

await campaign();
