// Boots the embedded default template in a real unprivileged container and powers it off.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TemplateStore } from './store.js';

const run = promisify(execFile);

const FIRST_ID = 1_900_000_000;
let dir = '';
let store: TemplateStore;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ctvirt-busybox-'));
  // The container's root must be able to pass through.
  await chmod(dir, 0o711);
  store = new TemplateStore({ dir: join(dir, 'templates') });
  await store.recover();
});

after(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** Repeats `probe` until it gives a value, for at most two minutes. */
async function eventually<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  let last: unknown;
  for (const late = performance.now() + 120_000; performance.now() < late; ) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`${what} did not happen within two minutes`, { cause: last });
}

test('the busybox template is made and says what it is', async () => {
  const template = await store.buildBusybox('busybox');
  assert.equal(template.init, 'busybox');
  assert.match(template.digest, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(await store.get('busybox'), template);
  assert.deepEqual(await store.list(), [template]);
});

test('every applet is a program of its own', async () => {
  const { stdout } = await run('busybox', ['--list-full']);
  const paths = stdout.split('\n').filter((path) => path !== '' && path !== 'linuxrc');
  const missing = paths.filter((path) => !existsSync(join(store.rootfs('busybox'), path)));
  assert.deepEqual(missing, []);
});

test('it boots unprivileged, serves its name, and powers off by SIGUSR2', { timeout: 600_000 }, async () => {
  const name = `ctvirt-busybox-${process.pid}`;
  await mkdir(join(dir, name), { mode: 0o711 });
  const root = join(dir, name, 'rootfs');
  await run('cp', ['-a', store.rootfs('busybox'), root]);
  await run('chown', ['-hR', `${FIRST_ID}:${FIRST_ID}`, root]);
  const config = join(dir, name, 'config');
  const log = join(dir, 'console.log');
  await writeFile(
    config,
    [
      `lxc.rootfs.path = dir:${root}`,
      `lxc.idmap = u 0 ${FIRST_ID} 65536`,
      `lxc.idmap = g 0 ${FIRST_ID} 65536`,
      'lxc.uts.name = shepherd',
      'lxc.net.0.type = empty',
      'lxc.mount.auto = proc:mixed sys:ro',
      'lxc.signal.halt = SIGUSR2',
      '',
    ].join('\n'),
  );
  // Without newuidmap in its path liblxc writes the id map itself and asks no /etc/subuid.
  const env = { PATH: '/usr/sbin:/sbin' };
  const lxc = (verb: string, ...args: string[]) =>
    run(`/usr/bin/lxc-${verb}`, ['-P', dir, '-n', name, ...args], { env });
  await lxc('start', '-d', '-L', log);
  try {
    const inside = (...argv: string[]) => lxc('attach', '--clear-env', '--', ...argv);
    const page = await eventually(
      'the page',
      async () => (await inside('/usr/bin/wget', '-qO-', 'http://127.0.0.1/')).stdout,
    );
    assert.match(page, /<h1>shepherd<\/h1>/);
    for (const word of ['httpd', 'syslogd', '-/bin/sh'])
      await eventually(word, async () =>
        (await inside('/bin/ps')).stdout.includes(word) ? true : undefined,
      );
    await inside('/usr/bin/logger', 'hello from inside');
    await eventually('the log line', async () =>
      (await inside('/sbin/logread')).stdout.includes('hello from inside') ? true : undefined,
    );
    await eventually('the shell', async () =>
      /built-in shell/.test(await readFile(log, 'utf8')) ? true : undefined,
    );
    await lxc('stop', '--timeout=120', '--nokill');
    assert.match((await lxc('info', '-s')).stdout, /STOPPED/);
  } finally {
    await lxc('stop', '-k').catch(() => {
      // Already stopped: what this test wants.
    });
  }
});

test('one that is there is not made again, and goes when it is removed', async () => {
  await assert.rejects(store.buildBusybox('busybox'), { code: 'exists' });
  await store.remove('busybox');
  await assert.rejects(store.get('busybox'), { code: 'not-found' });
  assert.deepEqual(await store.list(), []);
});
