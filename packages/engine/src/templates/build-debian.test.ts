// Checks what reaches mmdebstrap and that a build that fails or is killed leaves nothing.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type DebianOptions, debianArgv } from './build-debian.js';
import { TemplateStore } from './store.js';

let dir = '';
let store: TemplateStore;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ctvirt-debian-'));
  store = new TemplateStore({ dir });
  await store.recover();
});

after(async () => {
  await rm(dir, { recursive: true, force: true });
});

test('nothing but a suite, packages, a machine and an address reaches mmdebstrap', () => {
  const wrong: readonly DebianOptions[] = [
    { suite: '' },
    { suite: '-v' },
    { suite: '../x' },
    { suite: 'bookworm bullseye' },
    { include: ['--customize-hook=id'] },
    { include: ['a,b'] },
    { include: ['a/stable'] },
    { include: ['a-'] },
    { mirror: '-' },
    { mirror: 'deb http://x y main' },
    { mirror: '/etc/apt/sources.list' },
    { mirror: 'copy:///etc' },
    { mirror: 'http://x/\ndeb http://y z main' },
    { arch: 'amd64,arm64' },
    { arch: '-x' },
  ];
  for (const options of wrong)
    assert.throws(() => debianArgv(options), { code: 'invalid' }, JSON.stringify(options));
  const argv = debianArgv({
    suite: 'trixie',
    include: ['g++'],
    mirror: 'http://mirror.example/debian',
    arch: 'arm64',
  });
  assert.deepEqual(argv.slice(-4), ['--architectures=arm64', 'trixie', '-', 'http://mirror.example/debian']);
  assert.ok(argv.some((word) => word.startsWith('--include=systemd-sysv,') && word.endsWith(',g++')));
});

test("Ubuntu's and Devuan's packages come from their archives, with their keys and inits", () => {
  const ubuntu = debianArgv({ distribution: 'ubuntu', arch: 'amd64' });
  assert.deepEqual(ubuntu.slice(-3), ['noble', '-', 'http://archive.ubuntu.com/ubuntu']);
  assert.ok(ubuntu.includes('--components=main,universe'));
  assert.ok(ubuntu.includes('--keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg'));
  const other = debianArgv({ distribution: 'ubuntu', suite: 'jammy', arch: 'arm64' });
  assert.deepEqual(other.slice(-3), ['jammy', '-', 'http://ports.ubuntu.com/ubuntu-ports']);
  const devuan = debianArgv({ distribution: 'devuan', arch: 'amd64' });
  assert.deepEqual(devuan.slice(-3), ['daedalus', '-', 'http://deb.devuan.org/merged']);
  assert.ok(devuan.some((word) => word.startsWith('--include=sysvinit-core,iproute2,')));
});

test('a build whose archive nobody here can check says which package brings its keys', async () => {
  await assert.rejects(
    store.buildDebian('devuan', { distribution: 'devuan' }),
    /install its package devuan-keyring/,
  );
  assert.deepEqual(await readdir(dir), []);
});

// No such archive: mmdebstrap makes its folder, asks apt, and gives up without the network.
const nowhere = { mirror: 'file:///nonexistent/ctvirt-test' };

test('a build that fails tells why and leaves nothing', async () => {
  await assert.rejects(store.buildDebian('debian', nowhere), { code: 'host-command' });
  assert.deepEqual(await readdir(dir), []);
});

test('kill -9 in the middle of a build leaves nothing that recovery does not remove', {
  timeout: 60_000,
}, async () => {
  const module = fileURLToPath(new URL('./store.js', import.meta.url));
  const program =
    `const { TemplateStore } = await import(${JSON.stringify(module)});` +
    `const store = new TemplateStore({ dir: ${JSON.stringify(dir)} });` +
    `process.stdout.write('ready\\n'); await store.buildDebian('debian', ${JSON.stringify(nowhere)});`;
  for (let delayMs = 0; delayMs < 400; delayMs += 50) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // Asked for now: it may end by itself before it is killed.
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    await sleep(delayMs);
    child.kill('SIGKILL');
    await closed;
    await store.recover();
    assert.deepEqual(await readdir(dir), []);
  }
  const running = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const pid of (await readdir('/proc')).filter((entry) => /^[0-9]+$/.test(entry))) {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      if (environment.includes(`TMPDIR=${dir}`)) found.push(pid);
    }
    return found;
  };
  // Each is ended by the end of the one before it.
  for (const late = performance.now() + 10_000; performance.now() < late; await sleep(20))
    if ((await running()).length === 0) break;
  assert.deepEqual(await running(), [], 'a killed build still runs');
});
