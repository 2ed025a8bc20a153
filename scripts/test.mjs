// `npm test`: sets up what is missing, then checks style, layers and every test; `npm test unit`, `e2e`, `vm` or `node22` runs that part.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { lanes, runOn, testsOf } from './other-node.mjs';
import { root, setUp, testPackages } from './setup.mjs';
import { command, reportOf, step } from './steps.mjs';
import { machinePackages, onDemand, storyNames, tellStories } from './vm/lane.mjs';

const { positionals: asked, values } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: 'boolean', default: false } },
});
const isVerbose = values.verbose;
const stories = storyNames();
const askedStories = asked.filter((word) => stories.includes(word));
/** @param {string} part */
const wanted = (part) =>
  asked.length === 0 || asked.includes(part) || (part === 'vm' && askedStories.length > 0);
let passed = 0;
let failed = 0;

/**
 * Built tests, found by their sources: what an earlier build left in dist is not one any more.
 *
 * @param {string} folder
 * @param {string} ending
 */
function testFiles(folder, ending) {
  const sources = join(root, folder, 'src');
  if (!existsSync(sources)) return [];
  return readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(`${ending}.ts`))
    .map((name) => join(root, folder, 'dist', name.replace(/\.ts$/, '.js')))
    .sort();
}

/**
 * What node:test tells of a test.
 * @typedef {object} Told
 * @property {string} name
 * @property {string} [file]
 * @property {string | boolean} [skip]
 * @property {{ type?: string, error?: Error }} [details]
 */

/**
 * Runs test files, each in a process of its own, and counts the tests in them.
 *
 * @param {string} title
 * @param {string[]} files
 * @param {number} concurrency
 */
async function tests(title, files, concurrency) {
  if (files.length === 0) return;
  /** @type {Told[]} */
  const failures = [];
  await step(`${title}: ${files.length} files`, async (note) => {
    /** @param {string} name */
    const isFile = (name) => files.includes(name);
    const stream = run({ files, concurrency, timeout: 15 * 60_000 });
    /** @type {(kind: 'pass' | 'fail') => (event: Told) => void} */
    const seen = (kind) => (event) => {
      if (event.details?.type === 'suite') return;
      // A file is reported as a test too: it counts only if it failed without one of its tests having done so.
      if (isFile(event.name) && (kind === 'pass' || failures.length > 0)) return;
      if (event.skip !== undefined)
        process.stderr.write(
          `\nskipped: ${event.name}${typeof event.skip === 'string' ? `: ${event.skip}` : ''}\n`,
        );
      if (kind === 'pass') passed++;
      else {
        failed++;
        failures.push(event);
        process.stderr.write(`\n✗ ${event.name} (${event.file ?? ''})\n`);
      }
      note(`${passed} passed, ${failed} failed · ${event.name}`);
    };
    stream.on('test:pass', seen('pass'));
    stream.on('test:fail', seen('fail'));
    let tail = '';
    stream.on('test:stderr', ({ message }) => {
      tail = (tail + message).slice(-4000);
    });
    await new Promise((resolve, reject) => {
      stream.on('end', () => resolve(undefined));
      stream.on('error', reject);
      stream.resume();
    });
    if (failures.length > 0) {
      const text = failures.map((event) => `  ✗ ${event.name}\n${causeOf(event.details?.error)}`);
      throw new Error(`${text.join('\n')}\n${tail}`);
    }
  });
}

const unitFiles = () =>
  readdirSync(join(root, 'packages')).flatMap((name) => testFiles(join('packages', name), '.test'));

/** @param {Error | undefined} error */
const causeOf = (error) =>
  (error?.cause instanceof Error ? error.cause.stack : undefined) ?? error?.message ?? '';

/** Counts tests by the reports of a process that runs them, and keeps what failed. */
function counting() {
  /** @type {string[]} */
  const failures = [];
  /** @param {import('./vm/machine.mjs').Report} report */
  const count = ({ kind, name, skip, seconds, text }) => {
    if (kind !== 'pass' && kind !== 'fail') return;
    if (skip !== undefined) process.stderr.write(`\nskipped: ${name}: ${skip}\n`);
    if (kind === 'pass') passed++;
    else {
      failed++;
      failures.push(`  ✗ ${name}\n${text}`);
      process.stderr.write(`\n✗ ${name}\n`);
    }
    if (isVerbose) process.stderr.write(`  ${kind} ${(seconds ?? 0).toFixed(1)} s  ${name}\n`);
  };
  return { failures, count };
}

/**
 * Tests on another Node: those that meet it, then one story.
 *
 * @param {import('./other-node.mjs').Lane} lane
 */
async function otherNode(lane) {
  const { failures, count } = counting();
  const { meets, story } = testsOf(asked.includes(lane));
  const units = unitFiles().filter(meets);
  const stories = testFiles('e2e', `/${story}.e2e`);
  await step(`tests on ${lane}: ${units.length} files, and the story '${story}'`, async (note) => {
    /** @param {import('./vm/machine.mjs').Report} report */
    const seen = (report) => {
      count(report);
      note(`${passed} passed, ${failed} failed · ${report.name}`);
    };
    await runOn(lane, { files: units, concurrency: 2 }, seen, note);
    await runOn(lane, { files: stories, concurrency: 1 }, seen, note);
    if (failures.length > 0) throw new Error(failures.join('\n'));
  });
}

/**
 * Begins to run stories in the virtual machine, which keeps one processor busy while the tests on the host mostly wait. What is
 * answered shows them when it is their turn, and counts the tests in them.
 *
 * @param {readonly string[]} names
 */
function machineTests(names) {
  let last = '';
  let show = () => {};
  const { failures, count } = counting();
  const told = tellStories(names, (report) => {
    last = report.name;
    show();
    count(report);
  });
  told.catch(() => undefined); // told in its turn
  return async () => {
    await step(`tests in a virtual machine: ${names.join(', ')}`, async (note) => {
      show = () => note(`${passed} passed, ${failed} failed · ${last}`);
      show();
      await told;
    });
    if (failures.length > 0) throw new Error(failures.join('\n'));
  };
}

/**
 * @param {string} title
 * @param {readonly string[]} argv
 */
async function check(title, argv) {
  try {
    await step(title, (note) => command(argv, note, { cwd: root }));
    passed++;
  } catch (error) {
    failed++;
    throw error;
  }
}

/** @param {() => Promise<void>} work */
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    if (failed === 0) failed++;
    process.stderr.write(`\n${reportOf(error)}\n\n`);
  }
}

await attempt(async () => {
  await setUp([...testPackages, ...(wanted('vm') ? machinePackages : [])]);
  if (wanted('lint')) await attempt(() => check('style and layers', ['npm', 'run', '--silent', 'lint']));
  if (wanted('unit')) {
    await attempt(() => tests('unit tests', unitFiles(), 2));
  }
  const machine =
    wanted('vm') &&
    machineTests(askedStories.length > 0 ? askedStories : stories.filter((name) => !onDemand.includes(name)));
  if (wanted('e2e')) await attempt(() => tests('end-to-end tests', testFiles('e2e', '.e2e'), 1));
  for (const lane of lanes) if (wanted(lane)) await attempt(() => otherNode(lane));
  if (machine !== false) await attempt(machine);
});
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
