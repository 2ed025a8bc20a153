// What of the kernel a container reaches: calls it is refused, rights it cannot gain, and that dominfo tells the truth of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { after, afterEach, before, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { perl, perlIn } from '../world/guest-perl.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
let tools: string;
before(async () => {
  world = await World.open();
  tools = await perlIn(world.host);
});
afterEach(() => world.clear());
after(() => world.close());

interface Parts {
  readonly features?: string;
  readonly program?: readonly string[];
  readonly os?: string;
}
function xmlOf(name: string, { features = '', program, os = '' }: Parts = {}): string {
  const xml = domainXml({
    name,
    filesystems: [templateRoot, tools],
    more: features === '' ? '' : `<features>${features}</features>`,
    ...(program && { program }),
  });
  return xml.replace('</os>', `${os}</os>`);
}

/** The numbers of x86-64, and the arguments where the call is refused with certain ones only; else nonsense that harms nothing. */
const calls: readonly (readonly [name: string, number: number, errno: number, args?: string])[] = [
  ...(
    [
      ['acct', 163],
      ['bpf', 321],
      ['clock_settime', 227],
      ['delete_module', 176],
      ['finit_module', 313],
      ['init_module', 175],
      ['ioperm', 173],
      ['iopl', 172],
      ['kexec_file_load', 320],
      ['kexec_load', 246],
      ['open_by_handle_at', 304],
      ['perf_event_open', 298],
      ['settimeofday', 164],
      ['swapoff', 168],
      ['swapon', 167],
      ['syslog', 103],
      ['userfaultfd', 323],
    ] as const
  ).map(([name, number]) => [name, number, constants.errno.EPERM] as const),
  ...(
    [
      ['add_key', 248],
      ['io_uring_enter', 426],
      ['io_uring_register', 427],
      ['io_uring_setup', 425],
      ['kcmp', 312],
      ['keyctl', 250],
      ['lookup_dcookie', 212],
      ['migrate_pages', 256],
      ['move_pages', 279],
      ['request_key', 249],
      ['sysfs', 139],
      ['uselib', 134],
      ['ustat', 136],
    ] as const
  ).map(([name, number]) => [name, number, constants.errno.ENOSYS] as const),
  ['umount2', 166, constants.errno.EPERM, '0, 1'],
  ['socket(AF_VSOCK)', 41, constants.errno.EAFNOSUPPORT, '40, 1, 0'],
];
const attempt = calls
  .map(
    ([name, number, , args = '-1, -1, -1, -1, -1, -1']) =>
      `$! = 0; syscall(${number}, ${args}); print "${name} ", $! + 0, "\\n";`,
  )
  .join(' ');
const expected = calls.map(([name, , errno]) => `${name} ${errno}`);

const statusOf = async (domain: string, pid: string, field: string): Promise<string> =>
  await world.shell(domain, `sed -n 's/^${field}:[[:space:]]*//p' /proc/${pid}/status`);
const tried = async (domain: string): Promise<string[]> => {
  const { stdout, stderr } = await world.exec(domain, ...perl, '-e', attempt);
  assert.equal(stderr, '');
  return stdout.trim().split('\n');
};

test('init and what is executed later are refused the same calls with the same answers', async () => {
  const init = [
    ...perl,
    '-e',
    `open(STDOUT, ">/tried"); $| = 1; ${attempt} print "end\n"; sleep 1000 while 1`,
  ];
  await world.run(xmlOf('surface', { program: init }));
  let first = '';
  await waitFor('init to have tried', async () =>
    (first = await world.shell('surface', 'cat /tried')).endsWith('end'),
  );
  assert.deepEqual(first.split('\n').slice(0, -1), expected, 'by init');
  assert.deepEqual(await tried('surface'), expected, 'by a program that came later');
  assert.equal(await statusOf('surface', '1', 'Seccomp'), '2');
  assert.equal(await statusOf('surface', 'self', 'Seccomp'), '2');
});

test('what a whole system needs is not refused', async () => {
  await world.run(xmlOf('system'));
  const nested =
    'mount -t tmpfs none /mnt && mount --bind /etc /mnt && umount /mnt && umount /mnt && hostname inner';
  await world.shell('system', `unshare -m -u -i -n -p -f sh -c '${nested}'`);
  await world.shell('system', 'unshare -U -r -m mount -t tmpfs none /mnt');
  await world.shell('system', `mount -t tmpfs none /mnt && umount /mnt && chroot / true`);
});

/** Writes another number into each sysctl that can be opened for it; tells those, and what of /proc besides can be opened for writing. */
const writeProc = `
  sub files { my ($dir) = @_; opendir(my $open, $dir) or return; my @names = sort grep { !/^[.]{1,2}$/ } readdir $open;
    map { my $path = "$dir/$_"; -l $path ? () : -d _ ? ($path =~ m{^/proc/[0-9]+$} ? () : files($path)) : -f _ ? $path : () } @names }
  for my $path (files('/proc')) {
    my $old = ''; if ($path =~ m{^/proc/sys/}) { open(OLD, "<", $path) and $old = readline OLD }
    open(my $out, '>', $path) or next;
    print "$path\n";
    next unless $path =~ m{^/proc/sys/(?!net/)} and defined $old;
    my ($first, $rest) = $old =~ /^([0-9]+)(.*)$/s or next;
    syswrite $out, ($first > 100 ? $first - 1 : $first + 1) . $rest;
  }`;
/** Of the container's own namespaces: ipc, user, and pid. */
const ownSysctls =
  /^\/proc\/sys\/(?:net\/|user\/|fs\/mqueue\/|kernel\/(?:shm|msg|sem|auto_msgmni|ns_last_pid|acct$|pid_max$))/;

test('of /proc a container writes what is its namespaces’ own, and nothing of it changes on the host', async () => {
  await world.run(xmlOf('writer'));
  const hosts = (paths: readonly string[]) =>
    paths.map((path) => {
      try {
        return `${path} ${readFileSync(path, 'utf8')}`;
      } catch {
        return path; // not there in the host's namespaces, or not for reading
      }
    });
  // What is written here is whatever a first container could open.
  const told = (await world.exec('writer', ...perl, '-e', writeProc.replace('syswrite', '0 and syswrite')))
    .stdout;
  // lxcfs covers some of the kernel's, and lets nobody write; pressure has no state but its watcher's.
  const covered = await world.shell('writer', "sed -n 's|^lxcfs \\([^ ]*\\) .*|\\1|p' /proc/mounts");
  const paths = told
    .trim()
    .split('\n')
    .filter((path) => !covered.split('\n').includes(path) && !path.startsWith('/proc/pressure/'));
  assert.deepEqual(
    paths.filter((path) => !ownSysctls.test(path)),
    [],
  );
  for (const own of [
    'kernel/shmmax',
    'kernel/msgmax',
    'kernel/sem',
    'fs/mqueue/msg_max',
    'user/max_user_namespaces',
  ])
    assert.ok(paths.includes(`/proc/sys/${own}`), own);
  const compared = paths.filter((path) => !path.endsWith('ns_last_pid'));
  const before = hosts(compared);
  const inside = () =>
    world.shell(
      'writer',
      'cat /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max /proc/sys/user/max_user_namespaces',
    );
  const first = await inside();
  assert.equal((await world.exec('writer', ...perl, '-e', writeProc)).stderr, '');
  assert.notEqual(await inside(), first);
  assert.deepEqual(hosts(compared), before);
});

test('a document loosens a call by its name, and that one alone', async () => {
  await world.run(xmlOf('loose', { features: "<seccomp><allow name='keyctl'/></seccomp>" }));
  const differing = (await tried('loose')).filter((line) => !expected.includes(line));
  assert.deepEqual(differing, [`keyctl ${constants.errno.EOPNOTSUPP}`]);
});

test('without the filter every call is the kernel’s to judge', async () => {
  await world.run(xmlOf('bare', { features: "<seccomp policy='off'/>" }));
  // The one of the daemon itself, which all have that it starts.
  assert.equal(await statusOf('bare', '1', 'Seccomp_filters'), '1');
  assert.equal(await statusOf('bare', 'self', 'Seccomp_filters'), '1');
});

test('a name that is no refused call is refused with the one that was meant', async () => {
  const xml = xmlOf('odd', { features: "<seccomp><allow name='keyctrl'/></seccomp>" });
  const { message, findings } = await refused('invalid', world.define(xml));
  assert.match(message, /keyctrl/);
  assert.equal(findings?.[0]?.suggestion, 'keyctl');
});

for (const [what, parts, value] of [
  ['an init with root’s rights may have sudo', {}, '0'],
  ['it has not where the document says so', { features: "<no_new_privileges state='on'/>" }, '1'],
  ['an init without root gains no rights by a file', { os: '<inituser>1000</inituser>' }, '1'],
  [
    'unless the document lets it',
    { os: '<inituser>1000</inituser>', features: "<no_new_privileges state='off'/>" },
    '0',
  ],
] as const)
  test(`no_new_privs: ${what}`, async () => {
    await world.run(xmlOf('rights', parts));
    assert.equal(await statusOf('rights', '1', 'NoNewPrivs'), value);
    assert.equal(await statusOf('rights', '1', 'Seccomp'), '2');
  });

const wallsOf = async (domain: string) =>
  Object.fromEntries(
    (await world.client.domains.info({ domain })).walls.map(({ name, state, how }) => [name, { state, how }]),
  );

test('dominfo tells which walls stand: of a running domain by the kernel, of one that is off by its document', async () => {
  const loose =
    "<seccomp><allow name='keyctl'/></seccomp><capabilities><sys_time state='on'/></capabilities>";
  await world.define(xmlOf('loose', { features: `${loose}<no_new_privileges state='on'/>` }));
  await world.define(xmlOf('plain'));
  const planned = { loose: await wallsOf('loose'), plain: await wallsOf('plain') };
  assert.equal(planned.plain['system-calls']?.state, 'up');
  assert.equal(planned.plain['no-new-privileges']?.state, 'down');
  assert.equal(planned.loose['capabilities']?.state, 'loosened');
  assert.match(planned.loose['system-calls']?.how ?? '', /allowed by name: keyctl$/);
  for (const domain of ['loose', 'plain']) await world.client.domains.start({ domain });
  const running = { loose: await wallsOf('loose'), plain: await wallsOf('plain') };
  for (const domain of ['loose', 'plain'] as const)
    for (const name of ['ids', 'capabilities', 'system-calls', 'no-new-privileges', 'network'])
      assert.deepEqual(running[domain][name], planned[domain][name], `${name} of ${domain}`);
  const { stdout } = await world.cli(['dominfo', 'loose']);
  assert.match(stdout, /^Wall system-calls: +loosened: 33 are refused; allowed by name: keyctl$/m);
});

test('what takes a wall down is told as long as it is down', async () => {
  await world.run(xmlOf('bare', { features: "<seccomp policy='off'/>" }));
  assert.equal((await wallsOf('bare'))['system-calls']?.state, 'down');
  await world.define(xmlOf('bare'));
  assert.equal((await wallsOf('bare'))['system-calls']?.state, 'down', 'it runs without');
  await world.client.domains.destroy({ domain: 'bare' });
  assert.equal((await wallsOf('bare'))['system-calls']?.state, 'up');
});
