// Attacks on what ends a domain, and on the names a start needs.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { domainXml, templateRoot } from '../world/documents.js';
import { cgroupName } from '../world/inventory.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

/** The host's perl inside. */
const withPerl = [
  templateRoot,
  "<filesystem type='mount'><source dir='/usr'/><target dir='/usr'/><readonly/></filesystem>",
];
const libraries =
  '/bin/busybox rmdir /lib; /bin/busybox ln -s /usr/lib64 /lib64; /bin/busybox ln -s /usr/lib /lib';

/** Freezes a process of its own, `depth` groups down, on cgroup v1; the process may be any. */
const freeze = (depth: number, pid = '$sleeper') => `
  system 'mount', '-t', 'cgroup', '-o', 'freezer', 'none', '/mnt' and die 'mount';
  my $sleeper = fork // die; exec 'sleep', '1000' if $sleeper == 0;
  chdir '/mnt' or die $!;
  for (1 .. ${depth}) { mkdir 'aa' or die $!; chdir 'aa' or die $!; }
  sub put { open my $f, '>', $_[0] or die "$_[0]: $!"; syswrite $f, $_[1]; close $f; }
  put 'tasks', ${pid}; put 'freezer.state', 'FROZEN';
  print 'frozen';`;

/** A domain with the host's perl inside, that may make groups of its own: those of runs that an earlier version started still may. */
async function runCold(): Promise<void> {
  await world.run(domainXml({ name: 'cold', filesystems: withPerl }));
  await world.shell('cold', libraries);
  chmodSync(`/sys/fs/cgroup/freezer/${cgroupName(world.root)}/lxc.payload.cold`, 0o775);
}

const hasFreezer = !readFileSync('/proc/self/cgroup', 'utf8').startsWith('0::');

describe('domains that refuse to die', {
  skip: hasFreezer ? false : 'cgroup v2 has no freezer to mount',
}, () => {
  for (const [title, script] of [
    ['freezes a process of its own', freeze(1)],
    ['freezes it deeper than any path', freeze(1500)],
    ['freezes its init', freeze(1, '1')],
  ] as const)
    test(`one that ${title}`, async () => {
      await runCold();
      const { stdout, stderr } = await world.exec('cold', '/usr/bin/perl', '-e', script);
      assert.equal(stdout, 'frozen', stderr);
      assert.equal(await world.state('cold'), 'running (booted)');
      const began = performance.now();
      await world.client.domains.destroy({ domain: 'cold' });
      assert.ok(performance.now() - began < 9000, `it took ${performance.now() - began} ms`);
      assert.equal(await world.state('cold'), 'shutoff (destroyed)');
      // Its groups are gone, too: the next start has them to itself.
      await world.client.domains.start({ domain: 'cold' });
    });

  test('one that freezes itself again whenever it is thawed', async () => {
    await runCold();
    const loop = `${freeze(1, '1')}
      $| = 1; print "\\n"; if (fork == 0) { while (1) { put 'freezer.state', 'FROZEN' } }`;
    const session = await world.client.domains.exec({
      domain: 'cold',
      open: { argv: ['/usr/bin/perl', '-e', loop] },
    });
    const [first] = await Promise.race([once(session.stdout, 'data'), once(session.stdout, 'end')]);
    assert.ok(first !== undefined, 'it freezes itself');
    await sleep(100);
    await world.client.domains.destroy({ domain: 'cold' });
    await session.exited;
    assert.equal(await world.state('cold'), 'shutoff (destroyed)');
  });

  test('a daemon that comes meanwhile takes it for running, not for suspended', async () => {
    await runCold();
    await world.exec('cold', '/usr/bin/perl', '-e', freeze(1));
    await world.kill();
    await world.start();
    assert.equal(await world.state('cold'), 'running (booted)');
    await world.client.domains.suspend({ domain: 'cold' });
    await world.kill();
    await world.start();
    assert.equal(await world.state('cold'), 'paused (user)');
    await world.client.domains.destroy({ domain: 'cold' });
  });
});

test('a suspended domain runs nothing more when it is destroyed', async () => {
  const folder = `${world.host}/shared`;
  mkdirSync(folder);
  const busy = 'for i in 1 2 3 4 5 6 7 8 9; do while :; do echo >>/shared/count; done & done; wait';
  await world.run(
    domainXml({
      name: 'busy',
      program: ['/bin/sh', '-c', busy],
      filesystems: [
        templateRoot,
        `<filesystem type='mount'><source dir='${folder}'/><target dir='/shared'/></filesystem>`,
      ],
    }),
  );
  const count = (): number => statSync(`${folder}/count`, { throwIfNoEntry: false })?.size ?? 0;
  await waitFor('it to count', async () => count() > 0);
  await world.client.domains.suspend({ domain: 'busy' });
  const then = count();
  await world.client.domains.destroy({ domain: 'busy' });
  assert.equal(count(), then);
});

/** Binds names as user 65534: one that is given, or what it reads on lxc-start's command line, so many times. */
const squat = `
  use Socket; my ($root, $name, $times) = @ARGV; my @held; $| = 1;
  sub take { my ($address) = @_; return if grep { $_->[1] eq $address } @held;
    socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!;
    if (bind($s, pack_sockaddr_un("\\0$address"))) { listen($s, 9) or die $!; push @held, [$s, $address]; print "$address\\n" } }
  if ($times == 0) { take("$root/run/lxc/$name/command"); sleep 1000 }
  while (@held < $times) { for my $file (glob '/proc/[0-9]*/cmdline') {
    open my $f, '<', $file or next; my @words = split /\\0/, join '', <$f>;
    my ($at) = grep { $words[$_] eq '-P' } 0 .. $#words; next unless defined $at and "@words" =~ /lxc-start/;
    take("$words[$at + 1]/$words[$at + 3]/command") if $words[$at + 1] =~ /^\\Q$root\\E/ } }
  sleep 1000;`;

describe('names that others take', () => {
  let squatter: ChildProcess | undefined;
  afterEach(() => leave());

  async function leave(): Promise<void> {
    const ended = new Promise((resolve) => squatter?.once('exit', resolve));
    if (squatter?.kill('SIGKILL') === true) await ended;
    squatter = undefined;
  }

  /** Returns a function that tells how many names it has. */
  async function begin(name: string, times: number): Promise<() => number> {
    const unprivileged = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
    const [file = '', ...args] = world.enclosure.argv(
      ...unprivileged,
      ...['/usr/bin/perl', '-e', squat, world.root, name, String(times)],
    );
    squatter = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let taken = '';
    squatter.stdout?.setEncoding('utf8').on('data', (text: string) => (taken += text));
    const count = () => taken.split('\n').length - 1;
    if (times === 0) await waitFor('the name to be taken', async () => count() === 1);
    return count;
  }

  /** lxc-start takes its time, so that others are faster. */
  async function withSlowStarts(act: () => Promise<void>): Promise<void> {
    const slow = '#!/bin/sh\\n/bin/sleep 0.3\\nexec /mnt/lxc-start "$@"\\n';
    await world.enclosure.output(
      '/bin/sh',
      '-ec',
      `mount -t tmpfs none /mnt; cp /usr/bin/lxc-start /mnt/; printf '${slow}' >/mnt/slow; chmod 755 /mnt/slow; mount --bind /mnt/slow /usr/bin/lxc-start`,
    );
    try {
      await act();
    } finally {
      await world.enclosure.output('umount', '-l', '/usr/bin/lxc-start', '/mnt');
    }
  }

  test('the name that starts once had', async () => {
    await begin('web', 0);
    const began = performance.now();
    await world.run(domainXml({ name: 'web' }));
    assert.ok(performance.now() - began < 10_000);
  });

  test('one that is read in /proc: the start is tried again with another', async () => {
    await world.define(domainXml({ name: 'web' }));
    await withSlowStarts(async () => {
      const taken = await begin('web', 1);
      await world.client.domains.start({ domain: 'web' });
      assert.equal(taken(), 1);
    });
    assert.equal(await world.shell('web', 'echo lives'), 'lives');
    await world.client.domains.destroy({ domain: 'web' });
  });

  test('each one: the start fails and says who it was; without him it works', async () => {
    await world.define(domainXml({ name: 'web' }));
    await withSlowStarts(async () => {
      const taken = await begin('web', 9);
      const began = performance.now();
      const { message } = await refused('busy', world.client.domains.start({ domain: 'web' }));
      assert.ok(performance.now() - began < 15_000);
      assert.match(message, new RegExp(`process ${squatter?.pid} of user 65534`));
      assert.equal(taken(), 3);
    });
    await leave();
    await world.assertClean();
    await world.client.domains.start({ domain: 'web' });
  });
});

test('a domain that reboots without end is slowed down, told once, and can be ended and removed any time', async () => {
  await world.run(
    domainXml({
      name: 'again',
      program: ['/bin/busybox', 'reboot', '-f'],
      more: '<on_reboot>restart</on_reboot>',
    }),
  );
  await world.logged(/domain 'again' reboots again and again/, 20_000);
  const starts = (): number => world.log.match(/domain 'again' started/g)?.length ?? 0;
  const before = starts();
  await sleep(4000);
  assert.ok(starts() - before <= 3, `${starts() - before} starts in 4 s`);
  assert.equal(world.log.match(/reboots again and again/g)?.length, 1);
  const began = performance.now();
  await world.client.domains.destroy({ domain: 'again' });
  assert.ok(performance.now() - began < 3000);
  assert.equal(await world.state('again'), 'shutoff (destroyed)');
  await world.client.domains.undefine({ domain: 'again', storage: true });
  await sleep(1500);
  assert.equal(
    (await world.client.domains.list()).some(({ name }) => name === 'again'),
    false,
  );
});
