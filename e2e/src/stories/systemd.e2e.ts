// A Debian system as people have it: built from the archive, systemd as its init, unprivileged, booted, rebooted, shut down.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { ArchiveAccess, archiveProxy } from '../world/archive.js';
import { output } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

const bootMs = 60_000;
let world: World;
before(async () => {
  world = await World.open({ env: { http_proxy: archiveProxy } });
  const archive = await ArchiveAccess.open(world.enclosure, `${world.host}/archive.sock`);
  try {
    const { status, stderr } = await world.cli(['template', 'build', 'debian'], { timeoutMs: 600_000 });
    assert.equal(status, 0, `no Debian could be built: ${stderr}`);
  } catch (error) {
    await world.abandon();
    throw error;
  } finally {
    await archive.close();
  }
});
afterEach(() => world.clear());
after(() => world.close());

const root = "<filesystem type='template'><source name='debian'/><target dir='/'/></filesystem>";
const link = "<interface type='ethernet'><ip address='192.168.5.1'/></interface>";
/** With the template's own init. */
const debian = (name: string) =>
  domainXml({
    name,
    program: [],
    filesystems: [root],
    interfaces: [link],
    more: `<hostname>${name}</hostname>`,
  });

/** Waits for the end of the boot, and tells what failed in it. */
async function assertBooted(domain: string): Promise<void> {
  let state = '';
  const isOver = async (): Promise<boolean> => {
    const { stdout } = await world.exec(domain, 'systemctl', 'is-system-running');
    state = stdout.trim();
    return ['running', 'degraded', 'maintenance'].includes(state);
  };
  await waitFor('the boot', () => isOver().catch(() => false), bootMs).catch(() => undefined);
  const failed = await world.exec(domain, 'systemctl', '--no-pager', 'list-units', '--failed', '--all');
  assert.equal(state, 'running', failed.stdout);
}

test('it boots to running, with ids of its own, its name and its address', async () => {
  await world.run(debian('boots'));
  await assertBooted('boots');
  assert.equal(await world.shell('boots', 'cat /proc/1/comm'), 'systemd');
  assert.match(await world.shell('boots', 'cat /proc/self/uid_map'), /^\s*0\s+[1-9]\d+\s+65536$/);
  assert.equal(await world.shell('boots', 'systemd-detect-virt --container'), 'lxc');
  assert.equal(await world.shell('boots', 'hostname'), 'boots');
  assert.match(await world.shell('boots', 'ip -brief address'), /192\.168\.5\.1/);
});

test('of its making it has nothing: apt gives root up to fetch, and no name of the host is there', async () => {
  await world.run(debian('made'));
  await assertBooted('made');
  assert.equal(await world.shell('made', 'apt-config dump APT::Sandbox::User'), 'APT::Sandbox::User "_apt";');
  assert.equal(await world.shell('made', 'grep -rs Sandbox /etc/apt || true'), '');
  const root = `${world.root}/lib/templates/debian/rootfs/etc`;
  for (const name of ['hostname', 'resolv.conf'])
    assert.equal(
      await output(['stat', '-c', '%s %a', `${root}/${name}`]).then((text) => text.trim()),
      '0 644',
    );
});

test('who waits for its boot comes back when it has booted, and not before', async () => {
  await world.define(debian('awaited'));
  const waited = world.cli(['wait', 'awaited', '--for', 'booted', '--timeout', '60'], {
    timeoutMs: bootMs + 5000,
  });
  await world.client.domains.start({ domain: 'awaited' });
  const { status, stderr } = await waited;
  assert.equal(status, 0, stderr);
  assert.equal(await world.shell('awaited', 'systemctl is-system-running'), 'running');
});

test('it shuts down by itself when asked, and boots again with its files', async () => {
  await world.run(debian('comes-back'));
  await assertBooted('comes-back');
  await world.shell('comes-back', 'echo precious > /srv/file');
  const { state, reason } = await world.client.domains.shutdown({ domain: 'comes-back', waitMs: bootMs });
  assert.equal(`${state} (${reason})`, 'shutoff (shutdown)');
  await world.client.domains.start({ domain: 'comes-back' });
  await assertBooted('comes-back');
  assert.equal(await world.shell('comes-back', 'cat /srv/file'), 'precious');
});

test('it reboots from inside and from outside', async () => {
  await world.run(debian('reboots'));
  await assertBooted('reboots');
  const init = async () => (await world.client.domains.info({ domain: 'reboots' })).initPid;
  const first = await init();
  await world.client.domains.reboot({ domain: 'reboots', waitMs: bootMs });
  await assertBooted('reboots');
  const second = await init();
  assert.notEqual(second, first);
  await world.exec('reboots', 'systemctl', 'reboot');
  await waitFor('the next boot', async () => ![null, second].includes(await init()), bootMs);
  await assertBooted('reboots');
});
