// The systemd unit as it is shipped: containers outlive the daemon's restart, its kill and its stop, and stand beside its group.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, rm, symlink } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ApiClient, createClient } from '@ctvirt/api';
import { output, run } from '../command.js';
import { domainXml } from '../documents.js';
import { waitFor } from '../wait.js';
import { daemonProgram } from '../world.js';

const program = '/usr/bin/ctvirtd';
const unit = '/etc/systemd/system/ctvirtd.service';
const shipped = fileURLToPath(new URL('../../packages/daemon/systemd/ctvirtd.service', import.meta.url));

suite('the systemd unit as shipped', () => {
  const client: ApiClient = createClient({ socketPath: '/run/ctvirt/http.sock' });
  const systemctl = (...words: string[]) => output(['/usr/bin/systemctl', ...words], { timeoutMs: 120_000 });
  const mainPid = async () => Number(await systemctl('show', '--property=MainPID', '--value', 'ctvirtd'));
  const initPid = async () => (await client.domains.info({ domain: 'served' })).initPid;
  const answers = () =>
    waitFor('the daemon to answer', () => client.host.version().then(Boolean, () => false), 60_000);

  before(async () => {
    await symlink(daemonProgram, program);
    await copyFile(shipped, unit);
    await systemctl('daemon-reload');
    await systemctl('enable', '--now', 'ctvirtd');
    await answers();
    await client.templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
    await client.domains.define({ body: domainXml({ name: 'served' }) });
    await client.domains.start({ domain: 'served' });
  });
  after(async () => {
    client.close();
    await run(['/usr/bin/systemctl', 'disable', '--now', 'ctvirtd']);
    await rm(unit, { force: true });
    await rm(program, { force: true });
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
    await answers();
    assert.notEqual(await mainPid(), daemon);
    assert.equal(await initPid(), init);
  });

  test('killed with SIGKILL, it is started again and finds the container', async () => {
    const [init, daemon] = [await initPid(), await mainPid()];
    process.kill(daemon, 'SIGKILL');
    await waitFor('another daemon', async () => ![0, daemon].includes(await mainPid()), 30_000);
    await answers();
    assert.equal(await initPid(), init);
    assert.equal((await client.domains.summary({ domain: 'served' })).state, 'running');
  });

  test('stopped, it leaves the container; started, it erases it without a trace', async () => {
    const init = await initPid();
    await systemctl('stop', 'ctvirtd');
    assert.ok(existsSync(`/proc/${init}`), 'the container runs on');
    await systemctl('start', 'ctvirtd');
    await answers();
    await client.domains.destroy({ domain: 'served' });
    await client.domains.undefine({ domain: 'served', storage: true });
    assert.ok(!existsSync(`/proc/${init}`));
    const { owned, stray } = await client.check.list();
    assert.deepEqual(stray, []);
    assert.deepEqual(
      owned.filter(({ owner }) => owner !== 'daemon' && !owner?.startsWith('template ')),
      [],
    );
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /ctvirt\/(lib|run)/);
  });
});
