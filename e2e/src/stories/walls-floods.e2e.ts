// Attacks by number: connections nobody needs, processes, and what the kernel counts for root, whoever in a container uses it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { cgroupName } from '../world/inventory.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
const started: ChildProcess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) await ended(child);
  await world.clear();
});
after(() => world.close());

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.kill('SIGKILL')) await gone;
}

/** Starts perl on the host, as whoever the words before it make it, and returns its first line. */
async function perl(
  script: string,
  args: readonly string[] = [],
  as: readonly string[] = [],
): Promise<string> {
  const [file = '', ...rest] = world.enclosure.argv(...as, '/usr/bin/perl', '-e', script, ...args);
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await waitFor('its answer', () => said.includes('\n'));
  return said.split('\n')[0] ?? '';
}

/** Connects to a container's command socket, says nothing, and stays. */
const flood = `
  use Socket; my ($root, $name, $times) = @ARGV; $| = 1; my %names;
  open my $f, '<', '/proc/net/unix' or die $!; while (<$f>) { $names{$1} = 1 if m{\\@(\\Q$root\\E/\\S*/$name/command)} }
  my ($address) = keys %names or die 'no socket'; my @held;
  for (1 .. $times) { socket(my $s, AF_UNIX, SOCK_STREAM, 0) or last; connect($s, pack_sockaddr_un("\\0$address")) or last; push @held, $s }
  print scalar(@held), "\\n"; sleep 1000;`;

const monitor = (): string =>
  world
    .processes()
    .find((line) => line.includes('[lxc monitor]'))
    ?.split(' ')[0] ?? assert.fail('no monitor');

/** Without CAP_SYS_RESOURCE the daemon cannot give more than it has. */
const mayRaise =
  spawnSync('/usr/bin/prlimit', ['--nofile=4096', '/usr/bin/prlimit', '--nofile=8192', 'true']).status === 0
    ? false
    : 'root may not raise limits here';

const nobody = [
  ...['/usr/bin/prlimit', '--nofile=12000:12000'],
  ...['/usr/bin/setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'],
];

describe('silent connections to the command socket', () => {
  before(async () => {
    await world.stop();
    await world.start({ through: ['/usr/bin/prlimit', '--nofile=4096:4096'] });
  });
  after(async () => {
    await world.stop();
    await world.start();
  });

  test('the container has the limit of open files of any system, and not the monitor’s', async () => {
    await world.run(domainXml({ name: 'web' }));
    const most = mayRaise === false ? 524_288 : 4096;
    assert.equal(await world.shell('web', 'ulimit -Sn; ulimit -Hn'), `1024\n${most}`);
    const init = await world.shell('web', 'grep "open files" /proc/1/limits');
    assert.match(init, new RegExp(` 1024 +${most} `));
  });

  test('many more than the daemon itself may have open: the container lives', {
    skip: mayRaise,
  }, async () => {
    await world.run(domainXml({ name: 'web' }));
    for (let times = 0; times < 2; times++)
      assert.equal(await perl(flood, [world.root, 'web', '11000'], nobody), '11000');
    await waitFor('it to take them', () => readdirSync(`/proc/${monitor()}/fd`).length > 22_000);
    assert.equal(await world.shell('web', 'echo lives'), 'lives');
    await world.client.domains.suspend({ domain: 'web' });
    await world.client.domains.resume({ domain: 'web' });
    await world.client.domains.destroy({ domain: 'web' });
  });

  test('where the kernel gives no more: it is told as what it is', async () => {
    await world.run(domainXml({ name: 'web' }));
    await world.enclosure.output('prlimit', '--pid', monitor(), '--nofile=1000:1000');
    await perl(flood, [world.root, 'web', '2000'], nobody);
    await world.waitForState('web', 'shutoff (crashed)');
    assert.match(world.log, /domain 'web' ended: liblxc gave up: its monitor had no descriptor left/);
  });
});

/** Takes signals and message queues until the kernel refuses, and says how many it had. */
const take = `
  use POSIX; $| = 1; require 'syscall.ph' if 0; my ($signals, $queues) = (0, 0);
  my $set = POSIX::SigSet->new; $set->fillset; sigprocmask(SIG_BLOCK, $set);
  my $info = pack 'iiiiiiq', 34, 0, -1, 0, $$, $<, 1; $info .= "\\0" x (128 - length $info);
  my ($sigqueue, $open, $unlink) = @ARGV; my $most = 1000000;
  $signals++ while $signals < $most and syscall($sigqueue, $$, 34, $info) == 0;
  my $attributes = pack 'q8', 0, 10, 8192, 0, 0, 0, 0, 0; my @names;
  while ($queues < 1000) { my $name = "ctvirt-$$-$queues"; last if syscall($open, $name, 0102, 0600, $attributes) < 0; push @names, $name; $queues++ }
  syscall($unlink, $_) for @names;
  print "$signals $queues\\n"; sleep 1000;`;
/** rt_sigqueueinfo, mq_open, mq_unlink. */
const calls = process.arch === 'arm64' ? ['138', '180', '181'] : ['129', '240', '241'];

/** With the host's perl inside. */
async function runWithPerl(): Promise<void> {
  const programs =
    "<filesystem type='mount'><source dir='/usr'/><target dir='/usr'/><readonly/></filesystem>";
  await world.run(domainXml({ name: 'many', filesystems: [templateRoot, programs] }));
  const libraries =
    '/bin/busybox rmdir /lib; /bin/busybox ln -s /usr/lib64 /lib64; /bin/busybox ln -s /usr/lib /lib';
  await world.shell('many', libraries);
}

test("a container that takes all signals and queues there are leaves the host's root its own half", async () => {
  await runWithPerl();
  const session = await world.client.domains.exec({
    domain: 'many',
    open: { argv: ['/usr/bin/perl', '-e', take, ...calls] },
  });
  const inside = await new Promise<string>((resolve) =>
    session.stdout.once('data', (data) => resolve(String(data))),
  );
  const [signals = 0, queues = 0] = inside.trim().split(' ').map(Number);
  assert.ok(signals > 100 && queues > 1, inside);
  const [left = 0, others = 0] = (await perl(take, calls)).split(' ').map(Number);
  assert.ok(left > signals * 0.8, `the host has ${left} signals, the container ${signals}`);
  assert.ok(others >= queues - 1 && others > 1, `the host has ${others} queues, the container ${queues}`);
  await world.client.domains.destroy({ domain: 'many' });
});

const isVersion1 = !readFileSync('/proc/self/cgroup', 'utf8').startsWith('0::');

describe('what all domains share of the host', () => {
  const most = Math.min(
    ...['pid_max', 'threads-max'].map((name) => Number(readFileSync(`/proc/sys/kernel/${name}`, 'utf8'))),
  );
  const [each, together] = [Math.floor(most * 0.15), Math.floor(most * 0.8)];
  const ceiling = (): string =>
    readFileSync(
      `/sys/fs/cgroup/${isVersion1 ? 'pids/' : ''}${cgroupName(world.root)}/pids.max`,
      'utf8',
    ).trim();
  const set = (numproc: string) =>
    world.client.domains.setParameters({ domain: 'many', body: { values: { numproc } } });

  test('a domain of which nothing is said makes processes up to the default, and the host goes on', async () => {
    await runWithPerl();
    const bomb =
      '$| = 1; my $n = 0; while (defined(my $p = fork)) { sleep 1000 unless $p; $n++ } print $n; sleep 1000';
    const session = await world.client.domains.exec({
      domain: 'many',
      open: { argv: ['/usr/bin/perl', '-e', bomb] },
    });
    const made = await new Promise((resolve) => session.stdout.once('data', resolve));
    assert.ok(Number(made) <= each && Number(made) > each - 10, `${made} of ${each}`);
    const { message } = await refused(
      'over-quota',
      world.client.domains.exec({ domain: 'many', open: { argv: ['/bin/true'] } }),
    );
    assert.match(message, /--numproc/);
    await world.run(domainXml({ name: 'other' }));
    assert.equal(await world.shell('other', 'echo lives'), 'lives');
    await world.client.domains.destroy({ domain: 'many' });
  });

  test('it is shown, and stands in no document', async () => {
    await world.run(domainXml({ name: 'many', type: 'openvz' }));
    const info = await world.cli(['dominfo', 'many']);
    assert.match(info.stdout, new RegExp(`^Processes: +\\d+ of ${each} \\(default\\)$`, 'm'));
    const params = await world.cli(['params', 'many']);
    assert.match(
      params.stdout,
      new RegExp(`^ *numproc +${each}:${each} +enforced +default: .*${together}`, 'm'),
    );
    const folder = `${world.root}/lib/domains/many`;
    for (const file of readdirSync(folder))
      assert.doesNotMatch(readFileSync(`${folder}/${file}`, 'utf8'), /numproc/i, file);
    const { stdout } = await world.cli(['dumpxml', 'many']);
    assert.doesNotMatch(stdout, /numproc/i);
  });

  test('all together have a ceiling, which gives way to what a document says, by the next daemon too', async () => {
    await world.run(domainXml({ name: 'many', type: 'openvz' }));
    assert.equal(ceiling(), String(together));
    await set('100');
    assert.equal(ceiling(), String(together));
    await set('unlimited');
    assert.equal(ceiling(), 'max');
    await world.run(domainXml({ name: 'other' }));
    await world.kill();
    await world.start();
    assert.equal(ceiling(), 'max');
    await world.client.domains.destroy({ domain: 'many' });
    assert.equal(ceiling(), String(together));
  });
});
