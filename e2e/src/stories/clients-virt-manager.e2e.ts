// virt-manager on a screen nobody sees, driven as assistive programs do: it lists a domain and a network here and starts them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

/** Where what a person may want to look at is kept. */
const pictures = process.env['CTVIRT_ARTIFACTS'] ?? `${tmpdir()}/ctvirt-artifacts`;

/** Runs `work` with a screen; it is gone afterwards. */
async function withScreen<T>(work: (display: string) => Promise<T>): Promise<T> {
  const server = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp', '-noreset'],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const gone = new Promise((resolve) => server.once('exit', resolve));
  try {
    const number = await new Promise<string>((resolve, reject) => {
      let said = '';
      server.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
      server.once('error', reject);
      server.once('exit', (code) => reject(new Error(`Xvfb ended with status ${code}: ${said}`)));
      server.stdio[3]?.once('data', (bytes: Buffer) => resolve(String(bytes).trim()));
    });
    return await work(`:${number}`);
  } finally {
    server.kill();
    await gone;
  }
}

/** The last line that a script of `world` prints, whose virt-manager sees one domain. */
async function driven(script: string, domain: string): Promise<string> {
  await mkdir(pictures, { recursive: true });
  const home = await mkdtemp(`${world.host}/home`);
  const path = fileURLToPath(new URL(`../../src/world/${script}`, import.meta.url));
  const { status, stdout, stderr } = await withScreen((display) =>
    run(['dbus-run-session', '--', '/usr/bin/python3', '-B', path, world.uri('lxc'), domain, pictures], {
      // Nothing of whoever runs the tests: settings are forgotten, files are below a folder of its own.
      env: {
        DISPLAY: display,
        HOME: home,
        XDG_RUNTIME_DIR: home,
        GSETTINGS_BACKEND: 'memory',
        LC_ALL: 'C.UTF-8',
      },
      timeoutMs: 240_000,
    }),
  );
  assert.equal(status, 0, `${stdout}${stderr}`);
  const seen = stdout.trim().split('\n').at(-1) ?? '';
  assert.match(seen, /"alerts": \[\]/);
  return seen;
}

test('virt-manager starts a domain at the press of a button, types on its console, and starts a network', async () => {
  await world.define(
    domainXml({ name: 'pressed', program: ['/bin/sh'], interfaces: ["<console type='pty'/>"] }),
  );
  const seen = await driven('clients-virt-manager.py', 'pressed');
  assert.match(seen, /"network": \[.*"192\.168\.\d+\.0\/24".*"Active", "NAT"\]/);
  assert.equal(await world.state('pressed'), 'running (booted)');
  const { active } = await world.client.networks.info({ network: 'default' });
  assert.ok(active);
  await world.client.networks.stop({ network: 'default' });
});

test('its page of snapshots opens with the first one, and makes, describes, reverts to and deletes them', async () => {
  const name = await world.run(domainXml({ name: 'kept', filesystems: [templateRoot] }));
  const initPid = async () => (await world.client.domains.info({ domain: name })).initPid;
  const before = await initPid();
  const seen = await driven('clients-virt-manager-snapshots.py', name);
  assert.match(seen, /"both": \["first", "second"\]/);
  const left = await world.client.snapshots.list({ domain: name });
  assert.deepEqual(
    left.map((one) => [one.name, one.description, one.isCurrent]),
    [['first', 'as it should be', true]],
  );
  assert.notEqual(await initPid(), before, 'it was started again');
  assert.equal(await world.state(name), 'running (booted)');
});
