// Who a domain is: by what name, with which files, and with keys of its own.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { output } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { busybox, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(async () => {
  await world.clearKept();
});
after(() => world.close());

const cli = async (...words: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await world.cli(words);
  assert.equal(status, 0, stderr);
  return `${stdout}${stderr}`;
};
const roots = async (): Promise<string[]> => (await readdir(`${world.root}/lib/roots`)).sort();
const limited = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='M'>16</space_hard_limit></filesystem>`;

test('renamed, it has its files, ids, limits, quota, traffic and autostart', async () => {
  const address = '192.0.2.77';
  const links = [`<interface type='ethernet'><ip address='${address}'/></interface>`];
  await world.run(domainXml({ name: '105', type: 'openvz', filesystems: [limited], interfaces: links }));
  await world.shell(
    '105',
    'echo precious > /file; ip route get 192.0.2.1 >&2 || true; ping -c 1 -W 1 192.0.2.1 || true',
  );
  await cli('autostart', '105');
  await cli('set', '105', '--numproc', '77', '--config');
  assert.match((await world.cli(['rename', '105', 'shop'])).stderr, /'105' is not off/);
  const before = await world.client.domains.info({ domain: '105' });
  await world.client.domains.destroy({ domain: '105' });
  const [traffic] = await world.client.traffic.list({ domain: '105' });
  assert.match(await cli('rename', '105', 'shop'), /Domain '105' renamed to 'shop'/);
  assert.deepEqual(await roots(), ['shop']);
  await world.kill();
  await world.start();
  const info = await world.client.domains.info({ domain: 'shop' });
  assert.deepEqual(
    [info.uuid, info.idMap, info.ctid, info.autostart, info.hostname],
    [before.uuid, before.idMap, 105, true, 'shop'],
  );
  const [after] = await world.client.traffic.list({ domain: 'shop' });
  assert.deepEqual(after?.total, traffic?.total);
  await world.client.domains.start({ domain: 'shop' });
  assert.equal(
    await world.shell('shop', 'cat /file; hostname; cat /etc/hostname; grep 127.0.1.1 /etc/hosts'),
    'precious\nshop\nshop\n127.0.1.1\tshop',
  );
  assert.match(await cli('params', 'shop'), /numproc\s+77/);
  const report = await world.client.quota.show({ domain: 'shop' });
  assert.equal(report.filesystems[0]?.space.hard, 16 << 20);
});

test('kill -9 amid renames leaves one name, with all that it has', async () => {
  await world.run(domainXml({ name: 'name-0' }));
  await world.shell('name-0', 'echo precious > /file');
  const { uuid, idMap } = await world.client.domains.info({ domain: 'name-0' });
  await world.client.domains.destroy({ domain: uuid });
  for (let round = 1; round <= 12; round++) {
    const renaming = world.client.domains
      .rename({ domain: uuid, body: { name: `name-${round}` } })
      .catch(() => undefined);
    await delay(round * 1.5);
    await world.kill();
    await renaming;
    await world.start();
    const domains = await world.client.domains.list();
    assert.deepEqual(
      domains.map((one) => one.uuid),
      [uuid],
      `round ${round}`,
    );
    const name = domains[0]?.name ?? '';
    assert.deepEqual([await roots(), await readdir(`${world.root}/lib/domains`)], [[name], [name]]);
    assert.deepEqual((await world.client.domains.info({ domain: name })).idMap, idMap);
    assert.deepEqual((await world.client.check.list()).stray, []);
  }
  await world.client.domains.start({ domain: uuid });
  const { name } = await world.client.domains.summary({ domain: uuid });
  assert.equal(await world.shell(name, 'cat /file'), 'precious');
});

test('what is kept is taken over, erased or shown by nobody but those who ask for it', async () => {
  const secret = (domain: string) => world.exec(domain, 'cat', '/secret');
  await world.run(domainXml({ name: 'cust' }));
  await world.shell('cust', 'echo of-the-first > /secret');
  await world.client.domains.destroy({ domain: 'cust' });
  await cli('undefine', 'cust');
  // One that is gone when it stops has files of its own.
  await world.client.domains.define({ body: domainXml({ name: 'cust' }), transient: true });
  assert.notEqual((await secret('cust')).status, 0);
  await world.client.domains.destroy({ domain: 'cust' });
  assert.deepEqual(await roots(), ['cust~1']);
  const { findings } = await world.define(domainXml({ name: 'cust' }));
  assert.match(findings.map(({ message }) => message).join(), /its root is new: .*root adopt cust~1 cust/);
  await world.client.domains.start({ domain: 'cust' });
  assert.notEqual((await secret('cust')).status, 0);
  await world.client.domains.destroy({ domain: 'cust' });
  assert.match(await cli('root', 'list'), /cust~1\s+cust\s+\S+\s+0\s+\d{4}-/);
  assert.match(await cli('root', 'adopt', 'cust~1', 'cust'), /has the root 'cust~1'; .*kept as 'cust~2'/);
  await world.client.domains.start({ domain: 'cust' });
  assert.equal((await secret('cust')).stdout, 'of-the-first\n');
  assert.equal(await world.shell('cust', 'stat -c %u /secret'), '0');
  assert.match(
    await cli('root', 'erase', 'cust~2'),
    /Root 'cust~2' of the domain 'cust' \([0-9a-f-]{36}\) erased/,
  );
  assert.deepEqual(await roots(), ['cust']);
});

test('all that are made from a template have SSH keys and a machine-id of their own', async () => {
  const tree = `${world.host}/tree`;
  await cp(`${world.root}/lib/templates/${busybox}/rootfs`, tree, {
    recursive: true,
    verbatimSymlinks: true,
  });
  await mkdir(`${tree}/etc/ssh`, { recursive: true });
  await writeFile(`${tree}/etc/ssh/sshd_config`, '#HostKey none\n');
  for (const name of ['ssh_host_ed25519_key', 'ssh_host_ed25519_key.pub'])
    await writeFile(`${tree}/etc/ssh/${name}`, 'everybody knows');
  await writeFile(`${tree}/etc/machine-id`, `${'0123456789abcdef'.repeat(2)}\n`);
  await output(['tar', '-C', tree, '-cf', `${world.host}/ssh.tar`, '.']);
  await world.client.templates.import({ template: 'ssh', body: { source: `${world.host}/ssh.tar` } });
  const model = `${world.root}/lib/templates/ssh/rootfs/etc`;
  assert.deepEqual(await readdir(`${model}/ssh`), ['sshd_config']);
  const seen = new Set<string>();
  const look = 'cat /etc/ssh/ssh_host_ed25519_key.pub /etc/ssh/ssh_host_ecdsa_key.pub /etc/machine-id';
  for (const name of ['one', 'two', 'three']) {
    // What an earlier version had imported is as it came.
    if (name === 'three') {
      await writeFile(`${model}/ssh/ssh_host_ed25519_key`, 'everybody knows');
      await writeFile(`${model}/ssh/ssh_host_rsa_key`, 'everybody knows');
    }
    const filesystems = [`<filesystem type='template'><source name='ssh'/><target dir='/'/></filesystem>`];
    await world.run(domainXml({ name, filesystems }));
    const own = await world.shell(name, look);
    assert.match(own, /^ssh-ed25519 \S+ root@\w+\necdsa-sha2-nistp256 \S+ root@\w+\n[0-9a-f]{32}$/);
    for (const line of own.split('\n')) {
      const [, key = line] = line.split(' ');
      assert.ok(!seen.has(key), `${name} has another one's: ${line}`);
      seen.add(key);
    }
    assert.equal(await world.shell(name, 'stat -c "%a %u" /etc/ssh/ssh_host_ed25519_key'), '600 0');
    assert.equal(await world.shell(name, 'ls /etc/ssh/ssh_host_rsa_key 2>/dev/null || echo none'), 'none');
    await world.client.domains.destroy({ domain: name });
    await world.client.domains.start({ domain: name });
    assert.equal(await world.shell(name, look), own, 'they stay');
  }
  await world.eraseAll();
  await world.client.templates.remove({ template: 'ssh' });
});
