// Tests on the other releases of Node that are promised: `npm test node22` fetches that one from npm, and runs on it what may differ there.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheFolder, root } from './setup.mjs';
import { command } from './steps.mjs';

/** @typedef {import('./vm/machine.mjs').Report} Report */

/** Those that are kept up with fixes, in a version that does not change under a run. */
const versions = { node20: '20.20.2', node22: '22.23.5', node24: '24.22.3' };

/** @typedef {keyof typeof versions} Lane */

const own = `node${process.versions.node.split('.')[0]}`;

/** The release that runs this is tested by the other parts. */
export const lanes = /** @type {Lane[]} */ (Object.keys(versions)).filter((lane) => lane !== own);

/**
 * Where the tests are that meet Node itself: sockets, streams, processes and, by koffi, the kernel. What turns text into text or counts
 * no release of Node does otherwise than another: `xml`, `formats` and the rest of the engine, which take most of the time.
 */
const meeting = ['api', 'cli', 'daemon', 'rpc'].concat(
  ['host', 'guest', 'drivers', 'templates'].map((folder) => `engine/dist/${folder}`),
);

/** Of these the ones that every run has time for: the kernel by koffi, connections and their upgrades. */
const meetingFirst = ['engine/dist/host', 'rpc/dist/server', 'daemon/dist/http'];

/**
 * The tests of a lane: when it is asked for by name all that meet Node, and the story that comes in by every door; in a run of everything
 * the first of them, and a story of seconds that starts, changes and hears of it.
 *
 * @param {boolean} isAsked
 */
export function testsOf(isAsked) {
  const paths = (isAsked ? meeting : meetingFirst).map((path) => join(root, 'packages', path, '/'));
  /** @param {string} file a built test */
  const meets = (file) => paths.some((path) => file.startsWith(path));
  return { meets, story: isAsked ? 'facts' : 'changes' };
}

/**
 * A package of npm's that has nothing to run when it is installed, fetched once for whatever processor and kept outside the checkout.
 *
 * @param {string} name
 * @param {string} version
 * @param {import('./steps.mjs').Note} [note]
 * @returns {Promise<string>} its folder
 */
export async function fromNpm(name, version, note) {
  const folder = join(cacheFolder, `${name.replace('/', '+')}-${version}`);
  const own = join(folder, 'node_modules', name);
  if (existsSync(own)) return own;
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    const options = [
      '--prefix',
      making,
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--force',
    ];
    await command(['npm', 'install', ...options, `${name}@${version}`], note);
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return own;
}

/**
 * The program as nodejs.org has it.
 *
 * @param {Lane} lane
 * @param {import('./steps.mjs').Note} note
 */
const programOf = async (lane, note) =>
  join(await fromNpm(`node-linux-${process.arch}`, versions[lane], note), 'bin/node');

/**
 * Runs test files on that Node, each in a process of its own, and hands on what they report.
 *
 * @param {Lane} lane
 * @param {{ files: readonly string[], concurrency: number }} tests
 * @param {(report: Report) => void} onReport
 * @param {import('./steps.mjs').Note} note
 */
export async function runOn(lane, { files, concurrency }, onReport, note) {
  const program = await programOf(lane, note);
  const reporter = join(root, 'scripts/vm/reporter.mjs');
  const options = [
    ...['--test', `--test-concurrency=${concurrency}`, `--test-timeout=${30 * 60_000}`],
    ...[`--test-reporter=${reporter}`, '--test-reporter-destination=stdout'],
  ];
  // Whatever they run by the name of node is this one, too.
  const env = { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env.PATH}` };
  const child = spawn(program, [...options, ...files], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  /** @type {Promise<void>} */
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  let isComplete = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    /** @type {Report} */
    const report = JSON.parse(line);
    if (report.kind === 'end') isComplete = true;
    else onReport(report);
  });
  await ended;
  if (!isComplete) throw new Error(`Node ${versions[lane]} ended before its tests were done`);
}
