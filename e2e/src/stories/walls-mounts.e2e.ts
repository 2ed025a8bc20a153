// The walls around mounts: what local users, other containers and a container's own root tried, and never get.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { output } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

const nobody = 65534;
const starts = 8;
let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const folder = async (name: string, ...files: readonly string[]): Promise<string> => {
  const path = `${world.host}/${name}`;
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
  for (const file of files) await writeFile(`${path}/${file}`, `${file}\n`);
  return path;
};
const from = (source: string, target: string, more = ''): string =>
  `<filesystem type='mount'><source dir='${source}'/><target dir='${target}'/>${more}</filesystem>`;
const image = (source: string, target: string, more = ''): string =>
  `<filesystem type='file'><source file='${source}'/><target dir='${target}'/>${more}</filesystem>`;
const limited = templateRoot.replace(
  '</filesystem>',
  "<space_hard_limit unit='M'>16</space_hard_limit></filesystem>",
);
const document = (name: string, ...filesystems: readonly string[]): string =>
  domainXml({ name, filesystems: [templateRoot, ...filesystems] });

async function restart(domain: string): Promise<void> {
  await world.client.domains.destroy({ domain });
  await world.client.domains.start({ domain });
}

/** A program that runs until `stop`, which answers what it wrote. */
function running(argv: readonly string[]): { stop: () => Promise<string>; process: ChildProcess } {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    process: child,
    stop: async () => {
      child.kill('SIGKILL');
      await gone;
      return text;
    },
  };
}

/** Looks for mounts of a start by all names a local user may try, and runs what was left there. */
const watcher = `
  $| = 1; my ($mnt, $lxc) = @ARGV; print "watching\\n"; my %seen;
  while (1) {
    my @found;
    open(my $mounts, '<', '/proc/self/mounts');
    while (<$mounts>) { my (undef, $target) = split / /; push @found, $target if index($target, $mnt) == 0 }
    opendir(my $dir, $mnt) and push @found, map { "$mnt/$_" } grep { !/^\\./ } readdir $dir;
    for my $pid (grep { /^\\d+$/ } do { opendir(my $proc, '/proc'); readdir $proc }) {
      push @found, "/proc/$pid/root$mnt" if -e "/proc/$pid/root$mnt/root-root" or -e "/proc/$pid/cwd$mnt/root-root";
    }
    for my $path (@found) {
      print "saw $path\\n" unless $seen{$path}++;
      print "ran $path: ", \`$path/who -u\` if -u "$path/who";
    }
  }`;

/** `sub` and `link` change places by renameat2, as root of another container that has the folder would call it. */
const swapping = (shared: string) =>
  running([
    '/usr/bin/perl',
    '-e',
    'my ($one, $other) = qw(sub link); chdir shift; 1 while syscall(316, -100, $one, -100, $other, 2) == 0; die $!',
    shared,
  ]);

async function watched(act: () => Promise<void>): Promise<string> {
  const watch = running(
    world.enclosure.argv(
      ...['/usr/bin/setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'],
      ...['/usr/bin/perl', '-e', watcher, `${world.root}/run/mnt`],
    ),
  );
  try {
    await new Promise((resolve) => watch.process.stdout?.once('data', resolve));
    await act();
  } finally {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return await watch.stop();
}

async function makeImage(name: string): Promise<string> {
  const content = await folder(`${name}-files`);
  await copyFile('/usr/bin/id', `${content}/who`);
  await chmod(`${content}/who`, 0o4755);
  const path = `${world.host}/${name}.img`;
  await output(['mkfs.ext4', '-q', '-d', content, path, '8M']);
  await chmod(path, 0o600);
  await rm(content, { recursive: true });
  return path;
}

test('a local user finds nothing of a start, by any name, and no setuid program in an image', async () => {
  const domain = await world.run(
    domainXml({ name: 'watched', filesystems: [limited, image(await makeImage('setuid'), '/data')] }),
  );
  const seen = await watched(async () => {
    for (let count = 0; count < starts; count++) await restart(domain);
  });
  assert.equal(seen, 'watching\n');
  assert.deepEqual(readdirSync(`${world.root}/run/mnt`), []);
  // Inside it is what it was.
  assert.equal(await world.shell(domain, 'stat -c %a /data/who'), '4755');
});

test('an image is attached once, whoever has it, and again as soon as it is free', async () => {
  const domain = await world.run(domainXml({ name: 'once', filesystems: [limited] }));
  const own = `${world.root}/lib/roots/once/root.img`;
  for (let count = 0; count < starts; count++) await restart(domain);
  await world.client.domains.destroy({ domain });
  const device = (await output(['losetup', '--find', '--show', own])).trim();
  try {
    const error = await refused('busy', world.client.domains.start({ domain }));
    assert.match(error.message, new RegExp(device));
  } finally {
    await output(['losetup', '--detach', device]);
  }
  await world.client.domains.start({ domain });
});

test('a container reads no name of another, nor of the daemon’s folders, in what the kernel tells of loop devices', async () => {
  // Too long for what a loop device keeps of it.
  const name = `acme-payroll-${'x'.repeat(40)}`;
  const given = await makeImage('secret-image');
  await world.run(domainXml({ name, filesystems: [limited, image(given, '/data')] }));
  const own = `${world.root}/lib/roots/${name}/root.img`;
  for (const path of [own, given])
    assert.match(await output(['losetup', '--noheadings', '-O', 'NAME', '-j', path]), /^\/dev\/loop\d+\n$/);
  await world.run(document('spy'));
  const told = await world.shell('spy', 'cat /sys/block/loop*/loop/backing_file');
  assert.ok(told.split('\n').filter((line) => line === '/').length >= 2, told);
  assert.doesNotMatch(told, /acme-payroll|secret-image/);
  assert.ok(!told.includes(world.root), told);
  // The host's administrator has it from the daemon.
  assert.ok((await world.cli(['check'])).stdout.includes(`(${own})`));
});

test('two domains have one image only if both of them read alone', async () => {
  const path = await makeImage('shared');
  const readonly = '<readonly/>';
  await world.run(document('writes', image(path, '/data')));
  for (const more of ['', readonly]) {
    await world.define(document('other', image(path, '/data', more)));
    await refused('busy', world.client.domains.start({ domain: 'other' }));
  }
  await world.erase('writes');
  await world.client.domains.start({ domain: 'other' });
  await world.run(document('reads', image(path, '/data', readonly)));
});

test("another container's link is no way to the host", async () => {
  const shared = await folder('shared');
  await folder('shared/sub', 'mine');
  const secret = await folder('secret', 'hosts');
  await chmod(secret, 0o700);
  await world.run(document('leads', from(shared, '/shared')));
  await world.run(document('led', from(`${shared}/sub`, '/sub')));
  await world.shell('leads', `mv /shared/sub /shared/real && ln -s ${secret} /shared/sub`);
  for (const call of [
    () =>
      world.client.domains
        .destroy({ domain: 'led' })
        .then(() => world.client.domains.start({ domain: 'led' })),
    () => world.define(document('more', from(`${shared}/sub`, '/sub'))),
    // By way of another mount of the same folder.
    async () => {
      await output(world.enclosure.argv('mount', '--bind', shared, await folder('alias')));
      await world.define(document('more', from(`${world.host}/alias/sub`, '/sub')));
    },
  ])
    assert.match((await refused('denied', call())).message, /leads through the link .*sub/);
  await output(world.enclosure.argv('umount', `${world.host}/alias`));
  // Its own folder leads it nowhere else either.
  await world.define(document('leads', from(shared, '/shared'), from(`${shared}/real`, '/real')));
  await rm(`${shared}/sub`);
  await rename(`${shared}/real`, `${shared}/sub`);
});

test("a link that a local user could make is not followed; root's own is", async () => {
  const real = await folder('real', 'file');
  await symlink(real, `${world.host}/link`);
  const domain = await world.run(document('follows', from(`${world.host}/link`, '/data')));
  assert.equal(await world.shell(domain, 'cat /data/file'), 'file');
  const home = await folder('home');
  await symlink(real, `${home}/link`);
  await chown(home, nobody, nobody);
  const error = await refused('denied', world.define(document('not', from(`${home}/link`, '/data'))));
  assert.match(error.message, /home\/link, which others/);
  const { findings } = await world.define(
    document('told', from(await folder('home/data'), '/data', '<readonly/>')),
  );
  assert.match(findings.map(({ message }) => message).join('\n'), /in the place of .*home\/data/);
});

test('a second view never leaves the root, whoever swaps its source meanwhile', async () => {
  const shared = await folder('swapped');
  await folder('swapped/sub', 'inside');
  await folder('outside', 'hosts');
  // To where a name would lead on the host, and among the mounts of a start.
  await symlink(`${world.host}/outside`, `${shared}/link`);
  const bind = "<filesystem type='bind'><source dir='/shared/sub'/><target dir='/again'/></filesystem>";
  await world.define(document('viewed', from(shared, '/shared'), bind));
  const racer = swapping(shared);
  const seen = new Set<string>();
  try {
    for (let count = 0; count < 2 * starts; count++) {
      try {
        await world.client.domains.start({ domain: 'viewed' });
        seen.add(await world.shell('viewed', 'ls /again'));
        await world.client.domains.destroy({ domain: 'viewed' });
      } catch (error) {
        assert.match(String(error), /leads nowhere|has no '/);
      }
    }
  } finally {
    assert.equal(await racer.stop(), '');
  }
  seen.delete('inside');
  assert.deepEqual([...seen], []);
});

test('a place to mount on is never outside of the root, whoever swaps it meanwhile', async () => {
  const shared = await folder('places');
  await mkdir(`${shared}/sub`);
  const outside = await folder('victim');
  await symlink(`../../../../../../../..${outside}`, `${shared}/link`);
  const given = await folder('given', 'given');
  await world.define(document('placed', from(shared, '/shared'), from(given, '/shared/sub/new')));
  const racer = swapping(shared);
  try {
    for (let count = 0; count < starts; count++) {
      const isUp = await world.client.domains.start({ domain: 'placed' }).then(
        () => true,
        () => false,
      );
      if (isUp) await world.client.domains.destroy({ domain: 'placed' });
    }
  } finally {
    assert.equal(await racer.stop(), '');
  }
  assert.deepEqual(await readdir(outside), []);
});

test("init never begins in a folder of the host's, by whatever name its document or another container leads there", async () => {
  const beginningIn = (name: string, initdir: string, ...filesystems: readonly string[]): string =>
    domainXml({ name, filesystems: [templateRoot, ...filesystems] }).replace(
      '</os>',
      `<initdir>${initdir}</initdir></os>`,
    );
  for (const initdir of ['/proc/self/fd/9', '/dev/fd/9', '/sys/fs/cgroup']) {
    await world.define(beginningIn('led', initdir));
    await refused('denied', world.client.domains.start({ domain: 'led' }));
  }
  // By its own files, of the run before.
  await world.define(beginningIn('led', '/srv/app'));
  await refused('not-found', world.client.domains.start({ domain: 'led' }));
  await world.run(document('led'));
  await world.shell('led', 'mkdir -p /srv/app && touch /srv/app/inside');
  await world.client.domains.destroy({ domain: 'led' });
  await world.run(beginningIn('led', '/srv/app'));
  assert.equal(await world.shell('led', 'ls /proc/1/cwd/'), 'inside');
  await world.shell('led', 'mv /srv/app /srv/old && ln -s /proc/self/fd/9 /srv/app');
  await world.client.domains.destroy({ domain: 'led' });
  await refused('invalid', world.client.domains.start({ domain: 'led' }));
  await world.define(domainXml({ name: 'led', program: ['/proc/self/fd/9/../../../bin/ls'] }));
  await refused('denied', world.client.domains.start({ domain: 'led' }));

  // By the files of another, which change while it starts.
  const shared = await folder('swapped-work');
  await folder('swapped-work/sub', 'inside');
  await symlink('/proc/self/fd/9', `${shared}/link`);
  await world.define(beginningIn('led', '/shared/sub', from(shared, '/shared')));
  const racer = swapping(shared);
  const seen = new Set<string>();
  try {
    for (let count = 0; count < 2 * starts; count++) {
      try {
        await world.client.domains.start({ domain: 'led' });
        seen.add(await world.shell('led', 'ls /proc/1/cwd/'));
        await world.client.domains.destroy({ domain: 'led' });
      } catch (error) {
        assert.match(
          String(error),
          /leads nowhere|leads to '\/proc|has no '|was changed meanwhile|Could not change directory/,
        );
      }
    }
  } finally {
    assert.equal(await racer.stop(), '');
  }
  seen.delete('inside');
  assert.deepEqual([...seen], []);
});

test('a second view of memory, of a folder in it, and of a file system that is read-only', async () => {
  const data = await folder('data', 'file');
  const domain = await world.run(
    document(
      'views',
      "<filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/fast'/></filesystem>",
      "<filesystem type='bind'><source dir='/fast'/><target dir='/fast2'/></filesystem>",
      from(data, '/data'),
      "<filesystem type='bind'><source dir='/data'/><target dir='/fast/data'/><readonly/></filesystem>",
    ),
  );
  assert.equal(
    await world.shell(domain, 'stat -c "%u %a" /fast; echo x > /fast/y; cat /fast2/y'),
    '0 1777\nx',
  );
  assert.equal(
    await world.shell(domain, 'cat /fast/data/file; touch /fast/data/z 2>&1 || true'),
    ['file', 'touch: /fast/data/z: Read-only file system'].join('\n'),
  );
  assert.match(await world.shell(domain, 'grep " /fast " /proc/mounts'), /tmpfs .*nosuid,nodev.*size=1024k/);
});

test('who may run what a container leaves is told at define and at start, with the way out', async () => {
  const www = await folder('www');
  const told = async (...filesystems: readonly string[]): Promise<string[]> =>
    (await world.define(document('www', ...filesystems))).findings
      .filter(({ code }) => code === 'unsafe-source')
      .map(({ message }) => message);
  const [message = ''] = await told(from(www, '/srv'));
  assert.match(message, /setuid programs .* with nosuid on the host.*\(chmod o-x\)/);
  await world.client.domains.start({ domain: 'www' });
  assert.ok(world.log.includes(message), world.log);
  assert.deepEqual(await told(from(www, '/srv', '<readonly/>')), []);
  const byOption = from(www, '/srv').replace('<source ', "<source options='ro' ");
  assert.deepEqual(await told(byOption), []);
  await chmod(www, 0o750);
  assert.deepEqual(await told(from(www, '/srv')), []);
  await chmod(www, 0o755);
  await world.enclosure.output('mount', '--bind', www, www);
  await world.enclosure.output('mount', '-o', 'remount,bind,nosuid', www);
  assert.deepEqual(await told(from(www, '/srv')), []);
  await world.enclosure.output('umount', www);
});

test("the daemon's own folders, the kernel's, and what holds them are no container's; nor are their places", async () => {
  const alias = await folder('own');
  await world.enclosure.output('mount', '--bind', `${world.root}/lib`, alias);
  await symlink(`${world.root}/run`, `${world.host}/to-run`);
  const { root } = world;
  for (const source of [
    '/',
    root,
    `${root}/etc`,
    `${root}/lib`,
    `${root}/lib/roots`,
    `${root}/run/mnt`,
    alias,
    `${alias}/domains`,
    `${world.host}/to-run`,
    `${world.host}/../lib`,
    '/proc',
    '/proc/self',
    '/sys/fs/cgroup',
    '/dev',
    '/dev/pts',
  ]) {
    await refused('denied', world.define(document('own', from(source, '/data'))));
    const body = {
      format: 'openvz',
      name: '101',
      private: source,
      config: `${world.host}/101.conf`,
    } as const;
    await writeFile(body.config, 'PRIVVMPAGES="256:256"\n');
    await refused('denied', world.client.domains.adopt({ body }));
  }
  await world.enclosure.output('umount', alias);
  const given = await folder('stubs');
  for (const target of ['/dev', '/dev/x', '/proc', '/proc/sys', '/sys', '/dev/../sys/x'])
    await refused('denied', world.define(document('own', from(given, target))));
  // Where a link of its own leads there.
  const domain = await world.run(document('own', from(given, '/data')));
  await world.shell(domain, 'ln -s /dev /places');
  await world.define(document('own', from(given, '/places')));
  await world.client.domains.destroy({ domain });
  await refused('denied', world.client.domains.start({ domain }));
  await world.define(document('own', from(given, '/dev/shm')));
  await world.client.domains.start({ domain });
  assert.deepEqual(await readdir(given), []);
});

test('a file system of the host can be unmounted while containers run', async () => {
  const path = await makeImage('host');
  const target = await folder('disk');
  // Which of them it is on a host depends on its init: systemd's are shared.
  for (const propagation of ['--make-rprivate', '--make-rshared']) {
    await world.enclosure.output('mount', propagation, '/');
    await world.enclosure.output('mount', '-o', 'loop', path, target);
    const domain = await world.run(document('beside'));
    await world.enclosure.output('umount', target);
    await waitFor('its loop device to go', async () => !(await output(['losetup', '--list'])).includes(path));
    const pid = monitorPid();
    assert.notEqual(readlinkSync(`/proc/${pid}/ns/mnt`), readlinkSync(`/proc/${world.daemonPid}/ns/mnt`));
    assert.ok(!readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes('/run/mnt'));
    await world.erase(domain);
  }
});

test('a daemon that is killed as soon as a start is told leaves none of its mounts to the monitor', async () => {
  for (let times = 0; times < 3; times++) {
    const domain = await world.run(document('beside'));
    await world.kill();
    await world.start();
    assert.ok(!readFileSync(`/proc/${monitorPid()}/mountinfo`, 'utf8').includes('/run/mnt'));
    await world.erase(domain);
  }
});

const monitorPid = (): string =>
  world
    .processes()
    .find((line) => line.includes('[lxc monitor]'))
    ?.split(' ')[0] ?? assert.fail('no monitor');
