// All domains shut down at once, as when the host goes down: with the daemon, without it, and interrupted.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { type Outcome, run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { cliProgram, daemonProgram, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

/** The signal that asks a busybox to power off; without a trap process 1 ignores it. */
const onAsked = (line: string) => [
  '/bin/sh',
  '-c',
  `trap '${line}' USR2; while :; do sleep 300 & wait; done`,
];
const obeying = onAsked('echo ended >/ended; exit 0');
const refusing = onAsked('echo asked >/asked');

/** What the last run left in the root of a domain that is off. */
async function left(domain: string, file: string): Promise<string> {
  await world.client.domains.start({ domain });
  return await world.shell(domain, `cat ${file}`);
}
const patient = ['--timeout', '2', '--destroy'];

test('each ends by itself or is destroyed, suspended ones and those that come back included', async () => {
  await world.run(domainXml({ name: 'obeys', program: obeying }));
  await world.run(domainXml({ name: 'sleeps', program: obeying }));
  await world.client.domains.suspend({ domain: 'sleeps' });
  await world.run(domainXml({ name: 'refuses', program: refusing }));
  await world.run(
    domainXml({ name: 'returns', program: obeying, more: '<on_poweroff>restart</on_poweroff>' }),
  );
  const { status, stdout, stderr } = await world.cli(['shutdown', '--all', ...patient]);
  assert.deepEqual([status, stderr], [0, '']);
  assert.deepEqual(stdout.trimEnd().split('\n').sort(), [
    "Domain 'obeys' is shut off",
    "Domain 'refuses' destroyed",
    "Domain 'returns' destroyed",
    "Domain 'sleeps' is shut off",
  ]);
  assert.equal(await world.state('obeys'), 'shutoff (shutdown)');
  assert.equal(await world.state('refuses'), 'shutoff (destroyed)');
  for (const name of ['obeys', 'sleeps', 'returns']) assert.equal(await left(name, '/ended'), 'ended');
  assert.equal(await left('refuses', '/asked'), 'asked');
});

test('many that do not obey: all are waited for at once, not one after the other', async () => {
  const names = Array.from({ length: 40 }, (_, at) => `refuses-${at}`);
  for (const some of [names.slice(0, 20), names.slice(20)])
    await Promise.all(some.map((name) => world.run(domainXml({ name, program: refusing }))));
  const began = performance.now();
  const { status, stdout, stderr } = await world.cli(['shutdown', '--all', ...patient]);
  assert.deepEqual([status, stderr], [0, '']);
  assert.equal(stdout.trimEnd().split('\n').length, names.length);
  // Ten at a time would take four times the two seconds that each is given, beside what their ends take.
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seconds < 8, `${seconds} s`);
});

test('without --destroy what does not obey runs on, and that is a failure', async () => {
  await world.run(domainXml({ name: 'obeys', program: obeying }));
  await world.run(domainXml({ name: 'refuses', program: refusing }));
  const { status, stdout, stderr } = await world.cli(['shutdown', '--all', '--timeout', '1', '--json']);
  assert.equal(status, 13);
  assert.equal(JSON.parse(stderr).error.code, 'timeout');
  const rows = JSON.parse(stdout).map(({ name, state }: { name: string; state: string }) => [name, state]);
  assert.deepEqual(rows.sort(), [
    ['obeys', 'shutoff'],
    ['refuses', 'running'],
  ]);
});

test('one alone is destroyed when its time is over', async () => {
  await world.run(domainXml({ name: 'refuses', program: refusing }));
  const { stdout } = await world.cli(['shutdown', 'refuses', '--timeout', '1', '--destroy']);
  assert.equal(stdout, "Domain 'refuses' destroyed\n");
});

test('Ctrl-C: nothing more is asked, and nothing destroyed', async () => {
  for (const name of ['first', 'second']) await world.run(domainXml({ name, program: refusing }));
  const interrupt = new AbortController();
  const words = ['shutdown', '--all', '--parallel', '1', '--timeout', '20', '--destroy'];
  const command = world.cli(words, { interrupt: interrupt.signal });
  const wasAsked = async (name: string) => (await world.exec(name, 'cat', '/asked')).status === 0;
  await waitFor('one to be asked', async () => (await wasAsked('first')) || (await wasAsked('second')));
  interrupt.abort();
  const { status, stderr } = await command;
  assert.equal(status, 130);
  assert.match(stderr, /^error: interrupted: these may still run: (first, second|second, first)\n$/);
  for (const name of ['first', 'second']) assert.equal(await world.state(name), 'running (booted)');
  assert.notEqual(await wasAsked('first'), await wasAsked('second'));
});

test('a daemon for one command: only that where one serves already, and nothing is started by itself', async () => {
  const daemonFor = (...argv: readonly string[]): Promise<Outcome> =>
    run(world.enclosure.argv(process.execPath, daemonProgram, '--root', world.root, '--', ...argv));
  await world.run(domainXml({ name: 'obeys', program: obeying }));
  await world.run(domainXml({ name: 'refuses', program: refusing }));
  await world.define(domainXml({ name: 'early' }));
  await world.client.domains.autostart({ domain: 'early', body: { autostart: true } });
  assert.deepEqual(await daemonFor('/bin/sh', '-c', 'echo $CTVIRT_ROOT; exit 7'), {
    status: 7,
    stdout: `${world.root}\n`,
    stderr: '',
  });
  await world.stop();
  // As after a boot.
  await rm(`${world.root}/run/autostarted`);
  const { status, stdout, stderr } = await daemonFor(
    ...[process.execPath, cliProgram, 'shutdown', '--all', ...patient],
  );
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trimEnd().split('\n').sort(), [
    "Domain 'obeys' is shut off",
    "Domain 'refuses' destroyed",
  ]);
  assert.doesNotMatch(stderr, /early/);
  assert.equal((await daemonFor('/nowhere')).status, 1);
  await world.start();
  await world.waitForState('early', 'running (booted)');
  assert.equal(await world.state('obeys'), 'shutoff (shutdown)');
});
