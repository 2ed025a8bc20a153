// `npm start`: sets up what is missing, runs the daemon in the foreground, and the first time shows it at work.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { exampleDocument, exampleUuid } from './example.mjs';
import { root, setUp } from './setup.mjs';
import { command, hasCode, reportOf, StepError, step } from './steps.mjs';

const daemonProgram = join(root, 'packages/daemon/dist/ctvirtd.mjs');
const cliProgram = join(root, 'packages/cli/dist/ctvirt.cjs');
const given = process.argv.slice(2);

/** The folder that the arguments or the environment put everything in; undefined for the system's own places. */
const { values } = parseArgs({ args: given, options: { root: { type: 'string' } }, strict: false });
// Other options are the daemon's to refuse, and so is this one without a value.
const base = typeof values.root === 'string' ? values.root : process.env.CTVIRT_ROOT;
const stateFolder = base === undefined ? '/var/lib/ctvirt' : join(base, 'lib');
const socketPath = join(base === undefined ? '/run/ctvirt' : join(base, 'run'), 'http.sock');
const rootArguments = base === undefined ? [] : ['--root', base];

/** @typedef {import('../packages/api/dist/node/index.js').ApiClient} ApiClient */

/** @param {ApiClient} client */
async function answers(client) {
  try {
    await client.host.version();
    return true;
  } catch (error) {
    if (hasCode(error, 'unreachable')) return false;
    throw error;
  }
}

/**
 * Nobody has to know how long a daemon takes: it is asked until it answers or ends.
 *
 * @param {ApiClient} client
 * @param {import('node:child_process').ChildProcess} daemon
 */
async function answered(client, daemon) {
  while (daemon.exitCode === null && daemon.signalCode === null) {
    if (await answers(client)) return;
    await sleep(20);
  }
  throw new StepError('the daemon did not come up: its log above says why');
}

/**
 * Once in the life of a state folder; a user who removes the example does not get it back.
 *
 * @param {ApiClient} client
 */
async function firstRun(client) {
  const marker = join(stateFolder, 'welcomed');
  if (existsSync(marker)) return;
  await step('the embedded template: a busybox system of 2 MB', async (note) => {
    const templates = await client.templates.list();
    if (templates.some(({ name }) => name === 'busybox')) return;
    await client.templates.build(
      { template: 'busybox', body: { distribution: 'busybox' } },
      { onProgress: ({ phase }) => note(phase) },
    );
  });
  const example = step('the example domain: examples/105.xml', async () => {
    const domains = await client.domains.list();
    const known = domains.find(({ uuid }) => uuid === exampleUuid);
    if (known === undefined) {
      const { xml, remark } = await exampleDocument();
      await client.domains.define({ body: xml });
      if (remark !== undefined) process.stderr.write(`  ${remark}\n`);
    }
    if ((known?.id ?? null) === null) await client.domains.start({ domain: exampleUuid });
  });
  // Its name may be somebody else's here, say: that is no reason to have no daemon. The next start tries again.
  await example.then(
    () => writeFileSync(marker, ''),
    (error) =>
      process.stderr.write(
        `  ${error.cause?.message ?? error.message}\n  The daemon goes on without it; examples/105.xml can be changed.\n`,
      ),
  );
}

/**
 * A name as a shell takes it.
 *
 * @param {string} name
 */
const quoted = (name) =>
  /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;

/** @param {ApiClient} client */
async function welcome(client) {
  const table = await command([process.execPath, cliProgram, ...rootArguments, 'list', '--all']);
  const domains = await client.domains.list();
  const example = domains.find(({ uuid, id }) => uuid === exampleUuid && id !== null);
  const lines = ['', table.trimEnd(), ''];
  if (example !== undefined)
    lines.push(
      `Domain 105 is at ${example.addresses.join(', ')}: try  wget -qO- http://${example.addresses[0]}/`,
    );
  const ctvirt = ['./ctvirt', ...rootArguments].join(' ');
  const running = example ?? domains.find(({ id }) => id !== null);
  const next =
    running === undefined
      ? [`  ${ctvirt} define examples/105.xml`]
      : [`  ${ctvirt} exec ${quoted(running.name)} -- ps`, `  ${ctvirt} console ${quoted(running.name)}`];
  lines.push(
    'In another terminal, from this folder:',
    ...next,
    `  ${ctvirt} web     prints a link to see all this in a browser`,
    `  ${ctvirt} help`,
    'Ctrl-C stops the daemon; containers go on and the next start finds them.',
    '',
  );
  process.stderr.write(`${lines.join('\n')}\n`);
}

// Who reads what this prints may end first: of `npm start 2>&1 | tee log` Ctrl-C ends both. The daemon is waited for all the same.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);

async function main() {
  await setUp();
  // The build has just made it, at the earliest.
  const { createClient } = await import('../packages/api/dist/node/index.js');
  const client = createClient({ socketPath });
  if (await answers(client))
    throw new StepError(
      `a daemon already runs on ${socketPath}: ${['./ctvirt', ...rootArguments].join(' ')} list  talks to it, Ctrl-C in its terminal stops it`,
    );
  const daemon = spawn(process.execPath, [daemonProgram, ...given], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  /** @type {Promise<number>} */
  const ended = new Promise((resolve) => daemon.on('exit', (code) => resolve(code ?? 1)));
  let isStopping = false;
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    isStopping = true;
    // The terminal sends Ctrl-C to both; what only this one was sent it passes on. Then it waits for the daemon.
    if (signal !== 'SIGINT') daemon.kill('SIGTERM');
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  try {
    await answered(client, daemon);
    await firstRun(client);
    await welcome(client);
  } catch (error) {
    daemon.kill('SIGTERM');
    await ended;
    if (!isStopping) throw error;
  } finally {
    client.close();
  }
  process.exitCode = await ended;
}

main().catch((error) => {
  process.stderr.write(`\n${reportOf(error)}\n`);
  process.exitCode = 1;
});
