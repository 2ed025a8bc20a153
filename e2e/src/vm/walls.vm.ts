// The walls of a host as people have it: AppArmor around every container, and taken down by a word.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { afterEach, before, suite, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { perl, perlIn } from '../world/guest-perl.js';
import { profileName } from '../world/inventory.js';
import { waitFor } from '../world/wait.js';
import type { World } from '../world/world.js';
import { sharedWorld } from './shared-world.js';

/** The kernel lets root of a process id namespace write this one; no container needs it. */
const lastPid = '/proc/sys/kernel/ns_last_pid';

/** What systemd does wherever a service gets a namespace of its own. */
const lockSocket = String.raw`socketpair(my $one, my $other, 1, 2, 0); flock($one, 2) or die "$!\n"`;

const ownPort = 'sys/net/ipv4/ip_unprivileged_port_start';
/** What runc does: writes to a proc that is mounted nowhere, by fsopen, fsconfig, fsmount, openat and write. */
const writeDetached = String.raw`
my $context = syscall(430, my $kind = 'proc', 0);
syscall(431, $context, 6, 0, 0, 0);
my $proc = syscall(432, $context, 0, 0);
my $file = syscall(257, $proc, my $path = '${ownPort}', 1);
die "$!\n" if $file < 0 || syscall(1, $file, my $text = '81', 2) < 0;
`;

/** Prints what below a folder opens for writing. */
const listWritable = String.raw`
sub walk {
  my ($dir) = @_;
  opendir(my $names, $dir) or return;
  for (readdir $names) {
    my $path = "$dir/$_";
    next if /^\.\.?$/ || -l $path;
    if (-d $path) { walk($path) } elsif (sysopen my $file, $path, 2049) { print "$path\n" }
  }
}
walk($ARGV[0]);
`;
/** What the kernel keeps for each namespace. */
const own = {
  proc: /^\/mnt\/sys\/(net|user|fs\/mqueue)\/|^\/mnt\/sys\/kernel\/(hostname|domainname|shm|msg|sem|auto_msgmni|ns_last_pid|pid_max)/,
  sysfs: /^\/mnt\/devices\/virtual\/net\//,
} as const;

suite('walls on a host with AppArmor', () => {
  let world: World;
  let tools: string;
  const profiles = () => readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8').split('\n').sort();
  before(async () => {
    world = await sharedWorld();
    tools = await perlIn(world.host);
  });
  afterEach(() => world.clear());

  const run = async (name: string, features = ''): Promise<number> => {
    const more = features === '' ? '' : `<features>${features}</features>`;
    await world.run(domainXml({ name, filesystems: [templateRoot, tools], more }));
    return (await world.client.domains.info({ domain: name })).initPid ?? assert.fail();
  };
  const labelOf = (pid: number) => readFileSync(`/proc/${pid}/attr/current`, 'utf8').trim();
  const innerLabel = async (domain: string) => await world.shell(domain, 'cat /proc/self/attr/current');
  const writes = async (domain: string) => await world.exec(domain, '/bin/sh', '-c', `echo 500 >${lastPid}`);
  /** The errno of opening a door to the hypervisor. */
  const vsock = async (domain: string) =>
    Number((await world.exec(domain, ...perl, '-e', 'syscall(41, 40, 1, 0); print $! + 0')).stdout);

  test('init and what is executed later are confined', async () => {
    const label = `${profileName(world.root)} (enforce)`;
    const initPid = await run('confined');
    assert.equal(labelOf(initPid), label);
    assert.equal(await innerLabel('confined'), label);
    assert.match(readFileSync(`/proc/${initPid}/status`, 'utf8'), /^Seccomp:\t2$/m);
  });

  test('the profile refuses what the user namespace allows', async () => {
    await run('confined');
    assert.match((await writes('confined')).stderr, /Permission denied/);
    // By the filter that all have; the profile says so too, of which a program is told only where the filter does not reach.
    assert.equal(await vsock('confined'), constants.errno.EAFNOSUPPORT);
    await world.shell('confined', 'mount -t tmpfs none /mnt && unshare -m true && hostname other');
  });

  test('the profile leaves a container what is its own', async () => {
    await run('confined');
    const inPerl = async (program: string) => (await world.exec('confined', ...perl, '-e', program)).stderr;
    assert.equal(await inPerl(lockSocket), '');
    assert.equal(await inPerl(writeDetached), '');
    assert.equal(await world.shell('confined', `cat /proc/${ownPort}`), '81');
  });

  test('wherever a container mounts a proc or a sysfs, the kernel itself keeps it to its own', async () => {
    await run('confined');
    await run('bare', "<apparmor policy='off'/>");
    for (const domain of ['confined', 'bare'])
      for (const [kind, below] of [
        ['proc', '/mnt/sys'],
        ['sysfs', '/mnt'],
      ] as const) {
        await world.shell(domain, `mount -t ${kind} none /mnt`);
        const { stdout } = await world.exec(domain, ...perl, '-e', listWritable, below);
        const paths = stdout.split('\n').filter(Boolean);
        assert.notDeepEqual(paths, [], `${domain}: no file of ${kind} opens`);
        assert.deepEqual(
          paths.filter((path) => !own[kind].test(path)),
          [],
          `${domain}: ${kind}`,
        );
        await world.shell(domain, 'umount /mnt');
      }
  });

  test('without it a container starts too, and nothing refuses that', async () => {
    assert.equal(labelOf(await run('bare', "<apparmor policy='off'/>")), 'unconfined');
    assert.equal((await writes('bare')).stderr, '');
    assert.equal(await vsock('bare'), constants.errno.EAFNOSUPPORT);
  });

  test('a killed monitor and a killed daemon leave no profile, nor take one from what runs', async () => {
    const before = profiles();
    const label = labelOf(await run('lives'));
    await run('dies');
    const monitor = (await world.client.domains.summary({ domain: 'dies' })).id ?? assert.fail();
    process.kill(monitor, 'SIGKILL');
    await world.waitForState('dies', 'shutoff (crashed)').catch(() => undefined);
    await world.kill();
    await world.start();
    const { initPid } = await world.client.domains.info({ domain: 'lives' });
    assert.equal(labelOf(initPid ?? 0), label);
    await waitFor('the same profiles', () => profiles().join() === before.join());
    assert.equal((await world.client.check.list()).stray.length, 0);
  });
});
