// `npm test`: sets up what is missing, then checks style, layers and every test; `npm test unit`, `e2e`, `vm` or `node22` runs that part.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { lanes, runOn, testsOf } from './other-node.mjs';
import { root, setUp, testPackages } from './setup.mjs';
import { command, reportOf, step } from './steps.mjs';
import { Tally } from './tally.mjs';
import { machinePackages, onDemand, storyNames, tellStories } from './vm/lane.mjs';
import { toReport } from './vm/reporter.mjs';

const { positionals: asked, values } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: 'boolean', default: false } },
});
const stories = storyNames();
const askedStories = asked.filter((word) => stories.includes(word));
/** @param {string} part */
const wanted = (part) =>
  asked.length === 0 || asked.includes(part) || (part === 'vm' && askedStories.length > 0);
const tally = new Tally();
tally.isVerbose = values.verbose;

/**
 * Built tests, found by their sources: what an earlier build left in dist is not one any more.
 *
 * @param {string} folder
 * @param {string} ending
 */
function testFiles(folder, ending) {
  const sources = join(root, folder, 'src');
  if (!existsSync(sources)) return [];
  // The console's dist is what browsers load.
  const built = folder === 'packages/console' ? 'build' : 'dist';
  return readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(`${ending}.ts`))
    .map((name) => join(root, folder, built, name.replace(/\.ts$/, '.js')))
    .sort();
}

/**
 * Runs test files, each in a process of its own, and counts the tests in them.
 *
 * @param {string} title
 * @param {string[]} files
 * @param {number} concurrency
 */
async function tests(title, files, concurrency) {
  if (files.length === 0) return;
  const { failures, count, progress } = tally.part(files);
  await step(`${title}: ${files.length} files`, async (note) => {
    let tail = '';
    for await (const event of run({ files, concurrency, timeout: 30 * 60_000 })) {
      if (event.type === 'test:stderr') tail = (tail + event.data.message).slice(-4000);
      const report = toReport(event);
      if (report === undefined) continue;
      count(report);
      note(progress());
    }
    if (failures.length > 0) throw new Error(`${failures.join('\n')}\n${tail}`);
  });
}

/** Those that take longest are begun first, the longest ahead, so that none of them runs alone in the end. */
const longStories = [
  'console',
  'guides',
  'guides-two-hosts',
  'move',
  'backup',
  'backup-borg',
  'archives',
  'systemd',
  'full-disk-copies',
  'storage-peers',
  'storage-faults',
  'move-clients',
  'storage-kills',
  'walls-bridge',
  'trust',
  'networks-clients',
  'campaign',
  'console-inside',
  'console-attacks',
  'vzctl',
  'walls-attach',
  'export',
  'transfer',
  'nights',
  'lifecycle',
];

/** These use up what all of a host share, such as inotify's instances, or measure how fast its disk is. */
const loneStories = ['block-io', 'host-faults', 'walls-floods'];

/** The others have namespaces and folders of their own, and wait for two thirds of their time: four keep two processors busy. */
const storiesAtOnce = 4;
/** Unit tests wait where they meet the kernel. */
const unitsAtOnce = 3;

function storyFiles() {
  const files = testFiles('e2e', '.e2e');
  /** @param {readonly string[]} stories */
  const among = (stories) =>
    stories.flatMap((name) => files.filter((path) => path.endsWith(`/${name}.e2e.js`)));
  const [long, lone] = [among(longStories), among(loneStories)];
  return { many: [...long, ...files.filter((path) => !long.includes(path) && !lone.includes(path))], lone };
}

const unitFiles = () =>
  readdirSync(join(root, 'packages')).flatMap((name) => testFiles(join('packages', name), '.test'));

const scriptFiles = () =>
  readdirSync(join(root, 'scripts'))
    .filter((name) => name.endsWith('.test.mjs'))
    .map((name) => join(root, 'scripts', name));

/**
 * Tests on other Nodes, side by side: those that meet it, then one story.
 *
 * @param {readonly import('./other-node.mjs').Lane[]} wantedLanes
 */
async function otherNodes(wantedLanes) {
  if (wantedLanes.length === 0) return;
  const { failures, count, progress } = tally.part([...unitFiles(), ...testFiles('e2e', '.e2e')]);
  await step(`tests on ${wantedLanes.join(', ')}`, async (note) => {
    /** @param {import('./other-node.mjs').Lane} lane */
    const run = async (lane) => {
      /** @param {import('./vm/machine.mjs').Report} report */
      const seen = (report) => {
        count(report.kind === 'fail' ? { ...report, name: `${lane}: ${report.name}` } : report);
        note(progress());
      };
      const { meets, story } = testsOf(asked.includes(lane));
      await runOn(lane, { files: unitFiles().filter(meets), concurrency: 2 }, seen, note);
      await runOn(lane, { files: testFiles('e2e', `/${story}.e2e`), concurrency: 1 }, seen, note);
    };
    await Promise.all(wantedLanes.map(run));
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
  let show = () => {};
  const { failures, count, progress } = tally.part();
  const told = tellStories(names, (report) => {
    count(report);
    show();
  });
  told.catch(() => undefined); // told in its turn
  return async () => {
    await step(`tests in a virtual machine: ${names.join(', ')}`, async (note) => {
      show = () => note(progress());
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
    tally.passed++;
  } catch (error) {
    tally.failed++;
    throw error;
  }
}

/** @param {() => Promise<void>} work */
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    if (tally.failed === 0) tally.failed++;
    process.stderr.write(`\n${reportOf(error)}\n\n`);
  }
}

await attempt(async () => {
  await setUp([...testPackages, ...(wanted('vm') ? machinePackages : [])]);
  if (wanted('lint')) await attempt(() => check('style and layers', ['npm', 'run', '--silent', 'lint']));
  if (wanted('unit')) {
    await attempt(() => tests('unit tests', [...unitFiles(), ...scriptFiles()], unitsAtOnce));
  }
  const machine =
    wanted('vm') &&
    machineTests(askedStories.length > 0 ? askedStories : stories.filter((name) => !onDemand.includes(name)));
  if (wanted('e2e')) {
    const { many, lone } = storyFiles();
    // One at a time they leave a processor to the machine.
    await attempt(() => tests('end-to-end tests of what all share', lone, 1));
    await attempt(() => tests('end-to-end tests', many, storiesAtOnce));
  }
  await attempt(() => otherNodes(lanes.filter(wanted)));
  if (machine !== false) await attempt(machine);
});
if (tally.longest !== '') process.stderr.write(`longest: ${tally.longest}\n`);
process.stdout.write(`${tally.text}\n`);
process.exitCode = tally.failed === 0 ? 0 : 1;
