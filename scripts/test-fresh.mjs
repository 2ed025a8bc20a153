// `npm run test:fresh [-- --only start|test|package] [--suite bookworm|trixie] [--run WORDS] [--previous DEB]`: bare Debians, a clone, and the
// README's two commands; and bare Debians with the package.
// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changedNodes, deviceNodes } from './fresh/devices.mjs';
import { becomeInit, initMounts, quietInit } from './fresh/init.mjs';
import { bringPackages, walkInstallation } from './fresh/installation.mjs';
import { Machine, removeGroups } from './fresh/machine.mjs';
import { openProxy, proxyPort } from './fresh/proxy.mjs';
import { addNode, copyRegistrySettings, installed, nodeFolder, suites, unpackDebian } from './fresh/root.mjs';
import { root as checkout, debianPackages } from './setup.mjs';
import { command, reportOf, StepError, step } from './steps.mjs';

/** `run` takes the place of `npm test` in the same machine: what fails there is seen alone by it. */
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    suite: { type: 'string' },
    run: { type: 'string' },
    previous: { type: 'string' },
  },
});
const testing = options.run ?? 'npm test';
const suite = options.suite ?? '';
const prefix = 'ctvirt-fresh-';
const cache = join(checkout, '.cache', 'fresh');
const address = '192.168.1.105';
const name = `${prefix}${process.pid}`;
const folder = join('/tmp', name);
const proxy = `http://127.0.0.1:${proxyPort}`;
const clone = '/root/ctvirt';
const env = {
  PATH: `${nodeFolder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  HOME: '/root',
  TERM: 'dumb',
  LANG: 'C.UTF-8',
  ...Object.fromEntries(
    ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].map((key) => [key, proxy]),
  ),
};
const machine = new Machine(folder, name);
/** @param {string[]} program */
const inside = (...program) => machine.run(program, { env, cwd: clone });

/** What took how long, to be told together in the end. @type {[title: string, seconds: number][]} */
const times = [];

/**
 * A step after which every device node is as before: the host's, or the run fails; the machine's own, or it is told.
 *
 * @template T
 * @param {string} title
 * @param {(note: import('./steps.mjs').Note) => T | Promise<T>} work
 */
async function watched(title, work) {
  const look = () => ({ host: deviceNodes(), own: machine.isUp ? deviceNodes(machine.devices) : {} });
  const before = look();
  const began = performance.now();
  const result = await step(title, work);
  times.push([title, (performance.now() - began) / 1000]);
  const after = look();
  if (machine.isUp && Object.keys(before.own).length > 0)
    for (const line of changedNodes(before.own, after.own))
      process.stderr.write(`  ${title} changed the machine's own ${line}\n`);
  const changed = changedNodes(before.host, after.host);
  if (changed.length > 0) throw new StepError(`${title} changed the host's devices:\n${changed.join('\n')}`);
  return result;
}

/** @param {string} text */
const lastLine = (text) =>
  text
    .slice(-2000)
    .replaceAll('\x1b[K', '')
    .split(/[\r\n]/)
    .findLast((line) => line.trim() !== '')
    ?.trim() ?? '';

/** `npm start` at a terminal: what it prints, and its keys. */
class Terminal {
  text = '';

  /**
   * @param {string} words
   * @param {string} log a file that gets what it prints, too
   */
  constructor(words, log) {
    // script(1) is in every Debian, and gives the command a terminal of its own.
    const program = ['script', '--quiet', '--flush', '--return', '--command', words, '/dev/null'];
    const [file, ...args] = machine.argv(program, { env, cwd: clone });
    this.child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout.setEncoding('utf8').on('data', (chunk) => {
      this.text += chunk;
      appendFileSync(log, chunk);
    });
    /** @type {Promise<number>} */
    this.ended = new Promise((resolve) => this.child.on('exit', (code) => resolve(code ?? 1)));
  }

  /**
   * Resolves when the text is there; what it is doing meanwhile goes to `note`.
   *
   * @param {string} text
   * @param {number} minutes
   * @param {import('./steps.mjs').Note} note
   */
  async until(text, minutes, note) {
    const deadline = Date.now() + minutes * 60_000;
    while (!this.text.includes(text)) {
      if (this.child.exitCode !== null)
        throw new Error(`it ended with status ${this.child.exitCode}:\n${this.tail}`);
      if (Date.now() > deadline)
        throw new Error(`'${text}' did not appear in ${minutes} minutes:\n${this.tail}`);
      note(lastLine(this.text));
      await sleep(20);
    }
  }

  get tail() {
    return this.text.split('\n').slice(-20).join('\n');
  }

  async interrupt() {
    this.child.stdin.write('\x03');
    const late = sleep(20_000, 'late', { ref: false });
    if ((await Promise.race([this.ended, late])) === 'late')
      throw new Error(`Ctrl-C did not end it:\n${this.tail}`);
  }
}

/** The example's page, asked for from the host's side; never sent where no container is. */
async function fetchPage() {
  const route = await inside('ip', 'route', 'get', address);
  const link = / dev (\S+)/.exec(route)?.[1];
  const kind = link === undefined ? '' : await inside('ip', '-details', 'link', 'show', link);
  if (!/\bveth\b/.test(kind))
    throw new Error(`${address} is not reached through a container's link: ${route}`);
  return await inside('node', '--eval', fetcher, `http://${address}/`);
}
const fetcher = `
require('node:http').get(process.argv[1], { timeout: 5000 }, (answer) => answer.pipe(process.stdout))
  .on('timeout', function () { this.destroy(new Error('timeout')); })
  .on('error', (error) => { console.error(error.message); process.exitCode = 1; });
`;

async function answersOnItsAddress() {
  for (let tries = 0; ; tries++) {
    try {
      const page = await fetchPage();
      if (!page.includes('fedora105')) throw new Error(`not the example's page: ${page.slice(0, 200)}`);
      return;
    } catch (error) {
      // Its web server starts after its init.
      if (tries === 50) throw error;
      await sleep(100);
    }
  }
}

/** What the welcome names, as whoever follows the link finds it. */
async function answersABrowser() {
  const link = (await inside('./ctvirt', '--quiet', 'web')).trim();
  const page = await inside('node', '--eval', fetcher, link);
  expect(`a page of ours at ${link}`, page.includes('<title>ctvirt'));
}

const info = async () => JSON.parse(await inside('./ctvirt', 'dominfo', '105', '--json'));

/**
 * @param {string} what
 * @param {boolean} isSo
 */
function expect(what, isSo) {
  if (!isSo) throw new Error(`expected: ${what}`);
}

/** @param {readonly string[]} include */
async function prepare(include) {
  await debianPackages(['mmdebstrap', 'git', 'tar', 'util-linux', 'iproute2']);
  await watched(`a bare Debian ${suite} with ${include.join(', ')}, made by mmdebstrap`, (note) =>
    unpackDebian(folder, { suite, include }, cache, note),
  );
}

/** A machine on which somebody has cloned the repository. */
async function prepareClone() {
  const isNodeOfHost = !suites[suite].include.includes('nodejs');
  if (isNodeOfHost)
    await watched(`Node ${process.versions.node} and npm, copied from this host into ${nodeFolder}`, () =>
      addNode(folder),
    );
  await watched('what is committed here, and which registries to ask', async () => {
    await copyRegistrySettings(folder);
    const changed = await command(['git', '-C', checkout, 'status', '--porcelain']);
    if (changed.trim() !== '') process.stderr.write('  what is not committed here is not tested\n');
    await command([
      'git',
      '-C',
      checkout,
      'bundle',
      'create',
      '--quiet',
      join(folder, 'root/ctvirt.bundle'),
      'HEAD',
    ]);
  });
  await watched('namespaces and control groups of its own', () => machine.boot());
}

async function cloned() {
  await watched('git clone', () => machine.run(['git', 'clone', '--quiet', 'ctvirt.bundle', clone], { env }));
  const lines = await inside('dpkg-query', '--show');
  expect('no LXC', !/^lxc\t/m.test(lines));
  expect('one Node', /^nodejs\t/m.test(lines) === suites[suite].include.includes('nodejs'));
  process.stderr.write(`  Node ${(await inside('node', '--version')).trim()}\n`);
}

/**
 * What `npm start` promises a newcomer, to the last trace of it.
 *
 * @param {string} log
 */
async function starts(log) {
  const first = await watched('npm start, the first time', async (note) => {
    const terminal = new Terminal('npm start', log);
    await terminal.until(`Domain 105 is at ${address}`, 15, note);
    await terminal.until('prints a link to see all this in a browser', 1, note);
    await answersOnItsAddress();
    await answersABrowser();
    const domain = await info();
    await terminal.interrupt();
    return domain;
  });
  await watched('Ctrl-C stopped the daemon, and not the container', answersOnItsAddress);
  await watched('npm start, the second time', async (note) => {
    const began = performance.now();
    const terminal = new Terminal('npm start', log);
    await terminal.until(`Domain 105 is at ${address}`, 1, note);
    const seconds = (performance.now() - began) / 1000;
    expect('the same init still running', (await info()).initPid === first.initPid);
    await answersOnItsAddress();
    await inside('./ctvirt', 'destroy', '105');
    await inside('./ctvirt', 'undefine', '105', '--storage');
    // It runs with the host, and outlives the daemon as containers do.
    await inside('./ctvirt', 'network', 'stop', 'default');
    await terminal.interrupt();
    process.stderr.write(`  ready after ${seconds.toFixed(2)} s\n`);
  });
  await watched('nothing is left of the example', async () => {
    expect('no link but lo', (await inside('ls', '/sys/class/net')).trim() === 'lo');
    expect('no mount', !(await inside('cat', '/proc/self/mountinfo')).includes('/ctvirt/'));
    for (const kind of ['domains', 'roots'])
      expect(`no ${kind}`, (await inside('ls', `/var/lib/ctvirt/${kind}`)).trim() === '');
  });
}

/** @param {string} log */
async function testsPass(log) {
  await watched(testing, async (note) => {
    const terminal = new Terminal(testing, log);
    terminal.child.stdout.on('data', (chunk) => note(lastLine(chunk)));
    const status = await terminal.ended;
    process.stderr.write(`  ${/^\d+ passed, \d+ failed/m.exec(terminal.text)?.[0] ?? 'no count'}\n`);
    if (status !== 0)
      throw new Error(`it ended with status ${status}; all it said is in ${log}:\n${terminal.tail}`);
  });
}

/** What is done on a machine with a clone. @type {Readonly<Record<string, (log: string) => Promise<void>>>} */
const cloneParts = { start: starts, test: testsPass };

/** A machine with a clone on it, and the README's commands there. @type {Kind} */
const withClone = {
  parts: Object.keys(cloneParts),
  include: () => suites[suite].include,
  boot: prepareClone,
  async run(log, wanted) {
    await cloned();
    for (const part of wanted) await cloneParts[part](log);
  },
};

/** A machine on which nobody has built anything, and the package. @type {Kind} */
const withPackage = {
  parts: ['package'],
  include: () => installed,
  async boot() {
    await copyRegistrySettings(folder);
    quietInit(folder);
    await watched('namespaces and control groups of its own', () =>
      machine.boot({ firstProcess: becomeInit, devices: initMounts }),
    );
  },
  async run() {
    const packages = await watched('the package, and the one before it', (note) =>
      bringPackages(folder, options.previous, note),
    );
    await walkInstallation({ machine, env, folder, packages, watched, expect });
  },
};

/**
 * A machine, and what is done there.
 *
 * @typedef {{
 *   parts: readonly string[],
 *   include: () => readonly string[],
 *   boot: () => Promise<void>,
 *   run: (log: string, wanted: readonly string[]) => Promise<void>,
 * }} Kind
 */
const kinds = [withClone, withPackage];

/** @param {string} path */
const removeRoot = (path) => command(['rm', '--recursive', '--force', '--one-file-system', path]);

/** @param {import('./fresh/proxy.mjs').Proxy | undefined} proxyServer */
async function clear(proxyServer) {
  proxyServer?.close();
  await machine.end();
  await removeRoot(folder);
}

/** What an earlier run left that was killed. */
async function clearEarlier() {
  for (const entry of readdirSync('/tmp')) {
    if (!entry.startsWith(prefix) || existsSync(`/proc/${entry.slice(prefix.length)}`)) continue;
    await removeGroups(entry);
    await removeRoot(join('/tmp', entry));
  }
}

/** What the host has of this run: as much after it as before, nothing. Links end with their network's last process. */
function hostState() {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(name));
  const groups = readdirSync('/sys/fs/cgroup').flatMap((entry) =>
    existsSync(join('/sys/fs/cgroup', entry, name)) ? [entry] : [],
  );
  const loops = readdirSync('/sys/block')
    .filter((entry) => existsSync(`/sys/block/${entry}/loop/backing_file`))
    .filter((entry) => {
      // ctvirt's own have a file that tells no name.
      const file = readFileSync(`/sys/block/${entry}/loop/backing_file`, 'utf8').trim();
      return file === '/' || file.includes(name);
    });
  return JSON.stringify({ mounts, groups, loops, files: existsSync(folder) });
}

/**
 * Every machine in turn, each in a process of its own.
 *
 * @param {readonly string[]} wanted
 */
function runAll(wanted) {
  const { run, previous } = options;
  const words = Object.entries({ run, previous }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  for (const each of options.suite === undefined ? Object.keys(suites) : [suite])
    for (const { parts } of kinds) {
      const only = parts.filter((part) => wanted.includes(part));
      if (only.length === 0) continue;
      const argv = [fileURLToPath(import.meta.url), ...words, '--suite', each, '--only', only.join()];
      if (spawnSync(process.execPath, argv, { stdio: 'inherit' }).status !== 0) process.exitCode = 1;
    }
}

async function main() {
  const known = kinds.flatMap(({ parts }) => parts);
  const wanted = options.only?.split(',') ?? known;
  if (!wanted.every((part) => known.includes(part)))
    throw new StepError(`--only takes one of ${known.join(', ')}, not '${options.only}'`);
  if (options.suite !== undefined && !Object.hasOwn(suites, suite))
    throw new StepError(`--suite takes one of ${Object.keys(suites).join(', ')}, not '${suite}'`);
  const [kind, other] = kinds.filter(({ parts }) => parts.some((part) => wanted.includes(part)));
  if (options.suite === undefined || other !== undefined) return runAll(wanted);
  if (process.getuid?.() !== 0)
    throw new StepError('namespaces and containers are made by root: become root first');
  await clearEarlier();
  const before = hostState();
  const log = join(cache, `${suite}.log`);
  mkdirSync(cache, { recursive: true });
  writeFileSync(log, '');
  /** @type {import('./fresh/proxy.mjs').Proxy | undefined} */
  let proxyServer;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => clear(proxyServer).finally(() => process.exit(130)));
  try {
    await prepare(kind.include());
    await kind.boot();
    proxyServer = await openProxy(machine.enterNetwork);
    await kind.run(log, wanted);
  } finally {
    await clear(proxyServer);
  }
  await step('the host is as it was', () => expect(`${before}, not ${hostState()}`, hostState() === before));
  for (const [title, seconds] of times)
    process.stdout.write(`${seconds.toFixed(1).padStart(8)} s  ${title}\n`);
  process.stdout.write(`test:fresh: ${suite} passed\n`);
}

main().catch((error) => {
  process.stderr.write(`\n${reportOf(error)}\n`);
  process.stdout.write(`test:fresh: ${suite} FAILED\n`);
  process.exitCode = 1;
});
