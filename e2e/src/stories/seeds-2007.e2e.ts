// The document of 2007, run as it was written: reachable, named, limited, and each limit filled until the kernel refuses.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { output } from '../world/command.js';
import { processesOf } from '../world/inventory.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

/** As posted in July 2007; only the template's name is another one. */
const document = `<domain type='openvz'>
  <name>105</name>
  <uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid>
  <filesystem>
    <template>${busybox}</template>
    <quota level='first'>10737418240</quota>
    <quota level='second' uid='500'>5368709120</quota>
  </filesystem>
  <profile>vps.basic</profile>
  <devices>
    <interface>
      <ipaddress>192.168.1.105</ipaddress>
    </interface>
  </devices>
  <nameserver>192.168.1.1</nameserver>
  <hostname>fedora105</hostname>
</domain>
`;
const domain = '105';
const sizeLimit = 10737418240;
const mebibyte = 2 ** 20;
/** Of the profile vps.basic. */

const inodeLimit = 144179;
const processLimit = 240;

let world: World;
before(async () => {
  world = await World.open();
});
after(() => world.close());

test('it is defined under its own name, UUID and CTID', async () => {
  const { domain: defined, findings } = await world.define(document);
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error'),
    [],
  );
  assert.equal(defined.name, domain);
  assert.equal(defined.ctid, 105);
  assert.equal(defined.uuid, '8509a1d4-1569-4467-8b37-4e433a1ac7b1');
  assert.equal(defined.profile, 'vps.basic');
  assert.equal(defined.hostname, 'fedora105');
  assert.deepEqual(defined.addresses, ['192.168.1.105']);
  assert.equal(defined.state, 'shutoff');
});

test('dumpxml shows the canonical form, which defines the same again', async () => {
  const xml = await world.client.domains.xml({ domain });
  for (const part of [
    "<domain type='openvz'>",
    '<uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid>',
    '<profile>vps.basic</profile>',
    "<memory unit='KiB'>278528</memory>",
    '<init>/sbin/init</init>',
    '<hostname>fedora105</hostname>',
    "<nameserver address='192.168.1.1'/>",
    "<filesystem type='template' accessmode='passthrough'>",
    `<source name='${busybox}'/>`,
    "<target dir='/'/>",
    `<space_hard_limit unit='bytes'>${sizeLimit}</space_hard_limit>`,
    "<quota type='size' uid='500' max='5368709120' unit='bytes'/>",
    "<interface type='ethernet'>",
    "<ip address='192.168.1.105' family='ipv4'/>",
  ])
    assert.ok(xml.includes(part), `${part} is missing in\n${xml}`);
  assert.doesNotMatch(xml, /<template>|<ipaddress>|level=/, 'a form of 2007 is left');
  await world.define(xml);
  assert.equal(await world.client.domains.xml({ domain }), xml);
});

test('OpenVZ could read the file beside it', async () => {
  const conf = await readFile(`${world.root}/lib/domains/105/105.conf`, 'utf8');
  assert.match(conf, /^#UUID: 8509a1d4-1569-4467-8b37-4e433a1ac7b1$/m);
  assert.match(conf, new RegExp(`^OSTEMPLATE="${busybox}"$`, 'm'));
  assert.match(conf, /^IP_ADDRESS="192\.168\.1\.105"$/m);
  assert.match(conf, /^NUMPROC="240"$/m);
});

test('it answers on its address, from the host', async () => {
  await world.client.domains.start({ domain });
  const page = await waitFor('its page', () =>
    world.enclosure.fetch('http://192.168.1.105/').catch(() => undefined),
  );
  assert.match(page, /<h1>fedora105<\/h1>/);
  assert.equal((await world.client.domains.summary({ domain })).id, 105);
});

test('it has its host name and nameserver', async () => {
  assert.equal(await world.shell(domain, 'hostname'), 'fedora105');
  assert.equal(await world.shell(domain, 'cat /etc/hostname'), 'fedora105');
  assert.equal(await world.shell(domain, 'cat /etc/resolv.conf'), 'nameserver 192.168.1.1');
});

test('limits of single processes hold for every one, however it came in', async () => {
  assert.equal(await world.shell(domain, 'ulimit -n'), '9312');
  assert.match(await world.shell(domain, 'cat /proc/1/limits'), /^Max open files\s+9312\s+9312/m);
});

test('memory: the kernel ends what takes more, and init goes on', async () => {
  const { initPid } = await world.client.domains.info({ domain });
  const { status } = await world.exec(domain, 'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=400M', 'count=1');
  assert.equal(status, 128 + 9);
  assert.equal(await world.state(domain), 'running (booted)');
  assert.equal((await world.client.domains.info({ domain })).initPid, initPid);
  assert.equal(
    (await world.exec(domain, 'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=100M', 'count=1')).status,
    0,
  );
});

test('processes: the kernel refuses the one too many', async () => {
  const { status, stderr } = await world.exec(
    domain,
    '/bin/sh',
    '-c',
    `n=0; while [ $n -lt ${2 * processLimit} ]; do sleep 60 & n=$((n+1)); done`,
  );
  try {
    assert.notEqual(status, 0);
    assert.match(stderr, /can't fork/);
    const info = await world.client.domains.info({ domain });
    assert.equal(info.maxProcesses, processLimit);
    assert.ok((info.processes ?? 0) > processLimit - 5, `${info.processes} processes`);
  } finally {
    // One that was forked last is called otherwise until it runs its program.
    await waitFor('the processes to end', async () => {
      for (const line of processesOf(world.root, world.enclosure))
        if (line.endsWith(' sleep 60')) process.kill(Number(line.split(' ')[0]), 'SIGKILL');
      return ((await world.client.domains.info({ domain })).processes ?? 0) < 10;
    });
  }
  assert.equal(await world.shell(domain, 'echo alive'), 'alive');
});

test('disk size: ENOSPC at the limit, and the host keeps its space', async () => {
  const { status, stderr } = await world.exec(domain, 'fallocate', '-l', String(sizeLimit), '/large');
  assert.notEqual(status, 0);
  assert.match(stderr, /No space left on device/);
  await world.shell(domain, 'rm -f /large');
  const { disk } = await world.client.domains.info({ domain });
  const room = (disk.limitBytes ?? 0) - (disk.usedBytes ?? 0);
  await world.shell(domain, `fallocate -l ${room - 32 * mebibyte} /large`);
  const written = await world.exec(domain, 'dd', 'if=/dev/zero', 'of=/more', 'bs=1M', 'count=64');
  assert.notEqual(written.status, 0);
  assert.match(written.stderr, /No space left on device/);
  const taken = await takenOnHost();
  assert.ok(taken.bytes < 512 * mebibyte, `${taken.bytes} bytes of the host for 32 MiB written`);
  await world.shell(domain, 'rm /large /more && echo again > /again');
});

test('inodes: ENOSPC at the limit, and the host keeps its inodes', async () => {
  const before = await takenOnHost();
  const line = `mkdir /many && cd /many && n=0; while : > $n; do n=$((n+1)); [ $n -lt ${2 * inodeLimit} ] || exit 0; done; exit 1`;
  const { status, stderr } = await world.exec(domain, '/bin/sh', '-c', line);
  assert.equal(status, 1, 'no refusal');
  assert.match(stderr, /No space left on device/);
  const { disk } = await world.client.domains.info({ domain });
  assert.ok((disk.usedInodes ?? 0) >= inodeLimit, `${disk.usedInodes} of ${disk.limitInodes} inodes`);
  assert.equal((await takenOnHost()).inodes, before.inodes);
  assert.equal(await world.shell(domain, 'echo alive'), 'alive');
});

test('it shuts down, and undefine with its storage leaves nothing', async () => {
  const { state, reason } = await world.client.domains.shutdown({ domain, waitMs: 20_000 });
  assert.equal(`${state} (${reason})`, 'shutoff (shutdown)');
  await world.client.domains.undefine({ domain, storage: true });
  await world.assertClean();
});

/** What the files of all domains take on the host's own file system. */
async function takenOnHost(): Promise<{ bytes: number; inodes: number }> {
  const folder = `${world.root}/lib/roots`;
  const first = async (...options: string[]) =>
    Number.parseInt(await output(['du', '-s', ...options, folder]), 10);
  return { bytes: await first('--block-size=1'), inodes: await first('--inodes') };
}
