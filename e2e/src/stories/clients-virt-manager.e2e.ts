// virt-manager on a screen nobody sees, driven as assistive programs do: it lists a domain and a network here and starts them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
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

test('virt-manager starts a domain at the press of a button, types on its console, and starts a network', async () => {
  await world.define(
    domainXml({ name: 'pressed', program: ['/bin/sh'], interfaces: ["<console type='pty'/>"] }),
  );
  await mkdir(pictures, { recursive: true });
  const home = `${world.host}/home`;
  await mkdir(home, { mode: 0o700 });
  const script = fileURLToPath(new URL('../../src/world/clients-virt-manager.py', import.meta.url));
  const uri = world.uri('lxc');
  const { status, stdout, stderr } = await withScreen((display) =>
    run(['dbus-run-session', '--', '/usr/bin/python3', script, uri, 'pressed', pictures], {
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
  assert.match(seen, /"network": \[.*"192\.168\.\d+\.0\/24".*"Active", "NAT"\]/);
  assert.equal(await world.state('pressed'), 'running (booted)');
  const { active } = await world.client.networks.info({ network: 'default' });
  assert.ok(active);
  await world.client.networks.stop({ network: 'default' });
  await world.clear();
});
