// The systemd units as they are shipped: containers outlive the daemon, stand beside its group, and are shut down with the host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, readFile, rm, symlink } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ApiClient, createClient } from '@ctvirt/api/node';
import { output, run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { cliProgram, daemonProgram } from '../world/world.js';

const programs = [
  [daemonProgram, '/usr/bin/ctvirtd'],
  [cliProgram, '/usr/bin/ctvirt'],
] as const;
const units = ['ctvirtd.service', 'ctvirt-domains.service'];
const installed = (unit: string) => `/etc/systemd/system/${unit}`;
const shipped = (unit: string) =>
  fileURLToPath(new URL(`../../../packages/daemon/systemd/${unit}`, import.meta.url));
/** Notes that it was asked to power off, and does. */
const obeying = [
  '/bin/sh',
  '-c',
  "trap 'echo ended >>/ended; exit 0' USR2; while :; do sleep 300 & wait; done",
];
const ended = '/var/lib/ctvirt/roots/served/root.layer/upper/ended';

/** Whoever started the daemon need not wait until it answers. */
suite('the systemd units as shipped', () => {
  const client: ApiClient = createClient({ socketPath: '/run/ctvirt/http.sock' });
  const systemctl = (...words: string[]) => output(['/usr/bin/systemctl', ...words], { timeoutMs: 120_000 });
  const mainPid = async () => Number(await systemctl('show', '--property=MainPID', '--value', 'ctvirtd'));
  const initPid = async () => (await client.domains.info({ domain: 'served' })).initPid;

  before(async () => {
    for (const [built, program] of programs) await symlink(built, program);
    for (const unit of units) await copyFile(shipped(unit), installed(unit));
    await systemctl('daemon-reload');
    await systemctl('enable', '--now', 'ctvirtd');
    await client.templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
    await client.domains.define({ body: domainXml({ name: 'served', program: obeying }) });
    await client.domains.autostart({ domain: 'served', body: { autostart: true } });
    await client.domains.start({ domain: 'served' });
  });
  after(async () => {
    client.close();
    await run(['/usr/bin/systemctl', 'disable', '--now', ...units]);
    for (const unit of units) await rm(installed(unit), { force: true });
    for (const [, program] of programs) await rm(program, { force: true });
    await systemctl('daemon-reload');
  });

  test('containers stand beside the service’s own group, which holds the daemon', async () => {
    const group = (pid: number | null) => readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim();
    assert.equal(group(await mainPid()), '0::/system.slice/ctvirtd.service');
    assert.doesNotMatch(group(await initPid()), /ctvirtd\.service/);
  });

  test('a restart leaves the container as it is', async () => {
    const [init, daemon] = [await initPid(), await mainPid()];
    await systemctl('restart', 'ctvirtd');
    assert.notEqual(await mainPid(), daemon);
    assert.equal(await initPid(), init);
  });

  test('killed with SIGKILL, it is started again and finds the container', async () => {
    const [init, daemon] = [await initPid(), await mainPid()];
    process.kill(daemon, 'SIGKILL');
    await waitFor('another daemon', async () => ![0, daemon].includes(await mainPid()));
    await waitFor('the daemon to answer', () => client.host.version().then(Boolean, () => false), 60_000);
    assert.equal(await initPid(), init);
    assert.equal((await client.domains.summary({ domain: 'served' })).state, 'running');
  });

  test('the host goes down: the container ends by itself, before the daemon; it comes back at the next boot', async () => {
    const order = await systemctl('show', '--property=After,Conflicts', 'ctvirt-domains');
    assert.match(order, /^After=.*\bctvirtd\.service\b/m);
    assert.match(order, /^Conflicts=.*\bshutdown\.target\b/m);
    await systemctl('stop', 'ctvirt-domains');
    const { state, reason } = await client.domains.summary({ domain: 'served' });
    assert.deepEqual([state, reason], ['shutoff', 'shutdown']);
    assert.equal(await readFile(ended, 'utf8'), 'ended\n');
    await systemctl('stop', 'ctvirtd');
    // As a boot finds it.
    await rm('/run/ctvirt', { recursive: true });
    await systemctl('start', 'ctvirtd');
    await waitFor('autostart', async () => (await initPid()) !== null);
    assert.equal((await systemctl('is-active', 'ctvirt-domains')).trim(), 'active');
  });

  test('stopped, it leaves the container, which still ends by itself when the host goes down; erased, nothing is left', async () => {
    const init = await initPid();
    await systemctl('stop', 'ctvirtd');
    assert.ok(existsSync(`/proc/${init}`), 'the container runs on');
    await systemctl('stop', 'ctvirt-domains');
    assert.ok(!existsSync(`/proc/${init}`));
    assert.equal(await readFile(ended, 'utf8'), 'ended\nended\n');
    await systemctl('start', 'ctvirtd');
    await client.domains.undefine({ domain: 'served', storage: true });
    const { owned, stray } = await client.check.list();
    assert.deepEqual(stray, []);
    assert.deepEqual(
      // The network default runs with the host, whoever is on it.
      owned.filter(({ owner }) => owner !== 'daemon' && !/^(template .*|network default)$/.test(owner ?? '')),
      [],
    );
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /ctvirt\/(lib|run)/);
  });
});
