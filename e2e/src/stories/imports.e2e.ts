// Archives that OpenVZ, Proxmox VE and Incus wrote become containers with all their files, and what is not carried is told.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { describeTree } from '../world/tree.js';
import { busybox, World } from '../world/world.js';

let world: World;
let scratch: string;
let root: string;
before(async () => {
  world = await World.open();
  scratch = mkdtempSync('/tmp/cvimports');
  root = `${scratch}/root`;
  execFileSync('cp', ['-a', join(world.root, 'lib/templates', busybox, 'rootfs'), root]);
  execFileSync('python3', ['-c', fill, root]);
});
afterEach(() => world.clear());
after(async () => {
  rmSync(scratch, { recursive: true });
  await world.close();
});

/** What a container has in it after years. */
const fill = `
import os, struct, sys
root = sys.argv[1]
os.chdir(root)
nobody = 0xffffffff
def acl(*entries): return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *one) for one in entries)
os.makedirs('srv/site', exist_ok=True)
with open('srv/site/page', 'w') as file: file.write('a page')
os.chown('srv/site/page', 1000, 33); os.chmod('srv/site/page', 0o4750)
os.chown('srv/site', 1000, 33)
os.link('srv/site/page', 'srv/again')
os.symlink('/etc/hostname', 'srv/link')
os.symlink('../../../up', 'srv/site/up')
with open('srv/hole', 'w') as file: file.truncate(2**31); file.seek(2**30); file.write('middle')
os.mkfifo('srv/pipe')
os.makedirs('etc/ssh', exist_ok=True)
with open('etc/ssh/ssh_host_rsa_key', 'w') as file: file.write('its own key')
with open('etc/machine-id', 'w') as file: file.write('0123456789abcdef0123456789abcdef')
os.setxattr('srv/site/page', 'security.capability', struct.pack('<IIIII', 0x02000001, 1 << 13, 0, 0, 0))
os.setxattr('srv/again', 'user.note', b'kept')
os.setxattr('srv/site', 'system.posix_acl_default', acl((1, 7, nobody), (2, 7, 7), (4, 5, nobody), (16, 7, nobody), (32, 5, nobody)))
for folder, folders, files in os.walk('.', topdown=False):
  for name in folders + files: os.utime(os.path.join(folder, name), (1400000000, 1400000000), follow_symlinks=False)
`;

const ctvirt = (...words: string[]): Promise<string> => world.ctvirt(...words);
const sh = (script: string): string =>
  execFileSync('/bin/bash', ['-ec', `set -o pipefail; cd '${scratch}'; ${script}`], { encoding: 'utf8' });

/** What is the daemon's own, and not a file of the container's. */
const isMade = (line: string): boolean => /^\['(?:dev|proc|sys)'/.test(line);

async function described(domain: string): Promise<string[]> {
  const lines = await world.look(domain, describeTree);
  return lines.filter((line) => !isMade(line));
}

const own = (): string[] => describeTree(root).filter((line) => !isMade(line));
/** Who has no attributes of users and lists in an archive has none afterwards. */
const withoutAttributes = (lines: string[]): string[] =>
  lines.map((line) => line.replaceAll(/, \('(?:user|system|security)\.[^)]*\)/g, ''));

function withConfiguration(name: string, text: string, more: Record<string, string> = {}): string {
  const folder = `${scratch}/conf`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/etc/vzdump`, { recursive: true });
  for (const [file, content] of Object.entries({ [name]: text, ...more }))
    writeFileSync(`${folder}/etc/vzdump/${file}`, content);
  return folder;
}

const pct = `#A web server
arch: amd64
cores: 1
features: nesting=1
hostname: shop
memory: 256
swap: 128
mp0: local-lvm:vm-101-disk-1,mp=/srv/data,size=8G
net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:2E:C5:4A,ip=192.0.2.10/24,type=veth
onboot: 1
ostype: debian
rootfs: local-lvm:vm-101-disk-0,size=64M
unprivileged: 1

[before]
hostname: before
`;
/** As vzdump of Proxmox VE calls tar. */
const proxmox = (target: string, pack: string): string =>
  sh(
    `tar cpf - --totals --one-file-system -p --sparse --numeric-owner --acls --xattrs '--xattrs-include=user.*' --xattrs-include=security.capability --warning=no-file-ignored --warning=no-xattr-write --directory=$PWD/conf ./etc/vzdump/pct.conf ./etc/vzdump/pct.fw --directory=$PWD/root ./ 2>/dev/null | ${pack} >${target}`,
  );

test('a container of Proxmox VE, packed in each of its ways, is here what it was there, file by file', async () => {
  withConfiguration('pct.conf', pct, { 'pct.fw': '[OPTIONS]\nenable: 1\n' });
  for (const [end, pack] of [
    ['tar.zst', 'zstd -q'],
    ['tar.lzo', 'lzop'],
    ['tar.gz', 'gzip'],
    ['tar', 'cat'],
  ] as const) {
    const file = `${scratch}/vzdump-lxc-101-2026_11_30-01_02_03.${end}`;
    proxmox(file, pack);
    const { status, stderr } = await world.cli(['import', file]);
    // A volume of it is not in the archive.
    assert.equal(status, 1, stderr);
    for (const told of [
      /not copied, since it is the host's: volume local-lvm:vm-101-disk-1 at \/srv\/data/,
      /features \(etc\/vzdump\/pct\.conf:4\): no element holds it; kept by its name/,
      /\[before\] .*: a snapshot: its files are not in the archive/,
      /pct\.fw.* is left out/,
    ])
      assert.match(stderr, told);
    assert.deepEqual(await described('shop'), own());
    const xml = await ctvirt('dumpxml', 'shop');
    for (const part of ["<memory unit='KiB'>262144<", 'bc:24:11:2e:c5:4a', "<source bridge='vmbr0'/>"])
      assert.ok(xml.includes(part), xml);
    assert.match(await ctvirt('list', '--all', '--autostart', '--name'), /shop/);
    await ctvirt('undefine', 'shop', '--storage');
    rmSync(file);
  }
  assert.deepEqual(readdirSync(join(world.root, 'lib/roots')), []);
});

const vps = `ONBOOT="yes"
PHYSPAGES="0:256M"
NUMPROC="120:120"
DISKSPACE="64M:64M"
VE_ROOT="/vz/root/$VEID"
VE_PRIVATE="/vz/private/$VEID"
OSTEMPLATE="debian-7.0-x86_64"
HOSTNAME="shop.example.com"
NAME="shop"
ODD="1"
`;

test('a container of OpenVZ starts with its CTID and its limits, its files are its own, and it is exported on', async () => {
  const folder = withConfiguration('vps.conf', vps, { 'vps.mount': '#!/bin/sh\nrm -r /\n' });
  // vzdump lays its configuration among the files, and has them in the order of find.
  const tree = `${scratch}/tree`;
  execFileSync('cp', ['-a', root, tree]);
  cpSync(`${folder}/etc/vzdump`, `${tree}/etc/vzdump`, { recursive: true });
  const file = `${scratch}/vzdump-openvz-105-2016_01_02-03_04_05.tgz`;
  sh(
    `cd tree; touch -d @1400000000 etc; find . -print0 | tar cpf - --totals --sparse --numeric-owner --no-recursion --one-file-system --null -T - 2>/dev/null | gzip >${file}`,
  );
  rmSync(tree, { recursive: true });
  const stream = world.startCli(['import', '-'], 'pipe');
  stream.stdin?.on('error', () => undefined); // it ends with what reads it
  if (stream.stdin !== null) createReadStream(file).pipe(stream.stdin);
  assert.notEqual((await once(stream, 'close'))[0], 0, 'its configuration comes late');
  const { status, stderr } = await world.cli(['import', file]);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /ODD \(etc\/vzdump\/vps\.conf:10\): no parameter of OpenVZ; kept by its name/);
  assert.match(stderr, /vps\.mount.* is left out/);
  const { ctid, autostart } = await world.client.domains.summary({ domain: 'shop' });
  assert.deepEqual([ctid, autostart], [105, true]);
  assert.deepEqual(await described('shop'), withoutAttributes(own()));
  assert.match(await world.cli(['import', file]).then((again) => again.stderr), /'shop' is already defined/);
  await ctvirt('start', 'shop', '--wait');
  assert.equal(
    await world.shell(
      'shop',
      'hostname; cat /srv/site/page /etc/ssh/ssh_host_rsa_key; stat -c %u:%g /srv/again',
    ),
    'shop.example.com\na pageits own key1000:33',
  );
  assert.match(await world.shell('shop', 'df -m / | tail -n 1'), / (5\d|6[0-4]) /);
  await ctvirt('destroy', 'shop');
  const ours = `${scratch}/shop.ctvirt.tar.zst`;
  await ctvirt('export', 'shop', ours);
  await ctvirt('undefine', 'shop', '--storage');
  // What it stands on is nothing, and is made where it is missing.
  await ctvirt('template', 'remove', 'empty');
  await ctvirt('import', ours, '--name', 'more', '--new-ids');
  await ctvirt('start', 'more', '--wait');
  assert.equal(
    await world.shell('more', 'cat /srv/site/page; test -e /etc/ssh/ssh_host_rsa_key || echo; hostname'),
    'a page\nshop.example.com',
  );
  await ctvirt('snapshot', 'create', 'more', 'before');
  await world.shell('more', 'rm -r /srv/site');
  await ctvirt('snapshot', 'revert', 'more', 'before');
  assert.equal(await world.shell('more', 'cat /srv/site/page'), 'a page');
});

const index = `name: shop
backend: dir
pool: default
snapshots:
- before
optimized: false
type: container
config:
  container:
    architecture: x86_64
    expanded_config:
      limits.memory: 256MiB
      security.nesting: "true"
      volatile.eth0.hwaddr: 00:16:3e:12:34:56
    expanded_devices:
      eth0:
        network: incusbr0
        type: nic
      root:
        path: /
        pool: default
        type: disk
    name: shop
`;

test('an export of Incus is here what it was there, by a stream, too', async () => {
  mkdirSync(`${scratch}/incus/backup/container`, { recursive: true });
  writeFileSync(`${scratch}/incus/backup/index.yaml`, index);
  writeFileSync(`${scratch}/incus/backup/container/backup.yaml`, 'container: {}\n');
  const pack = (target: string): string =>
    sh(
      `tar -C incus -cf ${target} --format=pax backup/index.yaml backup/container/backup.yaml; tar -C root -rf ${target} --exclude=./srv/hole --format=pax --pax-option=delete=atime,delete=ctime --numeric-owner --xattrs '--xattrs-include=*' --transform='s,^\\.,backup/container/rootfs,S' .`,
    );
  pack('shop.tar');
  const importing = world.startCli(['import', '-'], 'pipe');
  if (importing.stdin !== null) createReadStream(`${scratch}/shop.tar`).pipe(importing.stdin);
  assert.equal((await once(importing, 'close'))[0], 0);
  assert.deepEqual(
    (await described('shop')).filter((line) => !line.includes("'srv/hole'")),
    own().filter((line) => !line.includes("'srv/hole'")),
  );
  await ctvirt('undefine', 'shop', '--storage');
  const { status, stderr } = await world.cli([
    'import',
    `${scratch}/shop.tar`,
    '--name',
    'other',
    '--new-ids',
  ]);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /snapshot before \(backup\/index\.yaml\): snapshots are not taken over/);
  writeFileSync(`${scratch}/incus/backup/index.yaml`, index.replace('optimized: false', 'optimized: true'));
  pack('shop.tar');
  const refused = await world.cli(['import', `${scratch}/shop.tar`]);
  assert.match(refused.stderr, /was exported with --optimized-storage/);
  rmSync(`${scratch}/shop.tar`);
});

test('an archive that is hostile, cut off or of nobody leaves nothing', async () => {
  withConfiguration('pct.conf', pct);
  mkdirSync(`${scratch}/bad/srv`, { recursive: true });
  const state = (): string[] => readdirSync(join(world.root, 'lib/roots'));
  const refused = async (make: string, said: RegExp): Promise<void> => {
    sh(`rm -rf bad; mkdir -p bad/srv; ${make}`);
    const { status, stderr } = await world.cli(['import', `${scratch}/bad.tar`]);
    assert.notEqual(status, 0);
    assert.match(stderr, said);
    assert.deepEqual(state(), []);
    rmSync(`${scratch}/bad.tar`);
  };
  const conf = '--directory=$PWD/conf ./etc/vzdump/pct.conf --directory=$PWD/bad';
  await refused(`mknod bad/srv/disk b 8 0; tar cf bad.tar ${conf} .`, /the block device 8:0/);
  await refused(`touch bad/x; tar cPf bad.tar ${conf} --transform='s,^./x,../../x,' ./x`, /\.\./);
  await refused(`touch bad/x; chown 1000000 bad/x; tar cf bad.tar ${conf} .`, /belongs to 1000000/);
  await refused(
    `head -c 300000 /dev/urandom >bad/x; tar cf whole.tar ${conf} .; head -c 200000 whole.tar >bad.tar; rm whole.tar`,
    /truncated|ends in the middle/,
  );
  await refused('touch bad/x; tar cf bad.tar -C bad .', /none of a domain/);
  await refused(`tar cf bad.tar ${conf} --no-recursion --files-from=/dev/null`, /holds no files/);
});
