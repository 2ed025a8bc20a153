// `npm start`: sets up what is missing, runs the daemon in the foreground, and the first time shows it at work.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';
import { command, StepError, step } from './steps.mjs';

const daemonProgram = join(root, 'packages/daemon/dist/ctvirtd.mjs');
const cliProgram = join(root, 'packages/cli/dist/ctvirt.mjs');
const given = process.argv.slice(2);

/** The state folder of the daemon that the arguments ask for. */
function stateFolder() {
  const at = given.indexOf('--root');
  const base = at >= 0 ? given[at + 1] : process.env.CTVIRT_ROOT;
  return base === undefined ? '/var/lib/ctvirt' : join(base, 'lib');
}

const rootArguments = () => {
  const at = given.indexOf('--root');
  return at >= 0 ? ['--root', given[at + 1]] : [];
};
const ctvirt = (...args) => command([process.execPath, cliProgram, ...rootArguments(), ...args]);

async function answered(daemon) {
  for (let waited = 0; waited < 600 && daemon.exitCode === null; waited++) {
    try {
      await ctvirt('list', '--json');
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new StepError('the daemon did not come up: its log above says why');
}

/** Once in the life of a state folder; a user who removes the example does not get it back. */
async function firstRun() {
  const marker = join(stateFolder(), 'welcomed');
  if (existsSync(marker)) return;
  await step('the embedded template: a busybox system of 2 MB', async () => {
    const templates = JSON.parse(await ctvirt('template', 'list', '--json'));
    const names = JSON.stringify(templates);
    if (!names.includes('"busybox"')) await ctvirt('template', 'build', 'busybox');
  });
  await step('the example domain: examples/105.xml', async () => {
    const known = JSON.parse(await ctvirt('list', '--all', '--json'));
    if (!JSON.stringify(known).includes('"105"')) await ctvirt('define', join(root, 'examples', '105.xml'));
    await ctvirt('start', '105').catch((error) => {
      if (!/already running/.test(error.message)) throw error;
    });
  });
  mkdirSync(stateFolder(), { recursive: true });
  writeFileSync(marker, '');
}

async function welcome() {
  const table = await ctvirt('list', '--all');
  const domains = JSON.parse(await ctvirt('list', '--all', '--json'));
  const example = (Array.isArray(domains) ? domains : domains.domains).find(
    ({ name, id }) => name === '105' && id !== null,
  );
  const lines = ['', table.trimEnd(), ''];
  if (example !== undefined)
    lines.push(
      `Domain 105 is at ${example.addresses.join(', ')}: try  wget -qO- http://${example.addresses[0]}/`,
    );
  const at = rootArguments().join(' ');
  lines.push(
    `In another terminal, from this folder:  ./ctvirt ${at === '' ? '' : `${at} `}exec 105 -- ps   |   console 105   |   dominfo 105   |   help`,
  );
  lines.push('Ctrl-C stops the daemon; containers go on and the next start finds them.', '');
  process.stderr.write(`${lines.join('\n')}\n`);
}

async function main() {
  await setUp();
  const daemon = spawn(process.execPath, [daemonProgram, ...given], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise((resolve) => daemon.on('exit', (code) => resolve(code ?? 1)));
  // The terminal sends Ctrl-C to both; this one waits for the daemon, and passes on what only it was sent.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => daemon.kill('SIGTERM'));
  try {
    await answered(daemon);
    await firstRun();
    await welcome();
  } catch (error) {
    daemon.kill('SIGTERM');
    await ended;
    throw error;
  }
  process.exitCode = await ended;
}

main().catch((error) => {
  process.stderr.write(`\n${error instanceof StepError ? error.message : error.stack}\n`);
  process.exitCode = 1;
});
