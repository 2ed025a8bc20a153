// Nothing of the host is visible in a container, or inherited by its programs, whatever is run in there and how.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { domainXml, templateRoot } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { toolsFilesystem, watch } from '../world/watcher.js';
import { refused, World } from '../world/world.js';

let world: World;
let tools: string;
before(async () => {
  world = await World.open();
  tools = await toolsFilesystem(world);
});
afterEach(() => world.clear());
after(() => world.close());

const watched = (name: string) => domainXml({ name, filesystems: [templateRoot, tools] });
const onTerminal = async (domain: string, ...argv: string[]): Promise<string> => {
  const session = await world.client.domains.exec({
    domain,
    open: { argv, tty: true, columns: 80, rows: 24 },
  });
  let text = '';
  for await (const chunk of session.stdout) text += String(chunk);
  return text.replaceAll('\r', '');
};
const onConsole = async (domain: string, typed: string, until: RegExp): Promise<string> => {
  const console = await world.client.domains.console({ domain, open: { columns: 80, rows: 24 } });
  let text = '';
  console.stdout.on('data', (chunk: Buffer) => (text += String(chunk)));
  console.stdin.write(typed);
  await waitFor('an answer on the console', () => until.test(text)).finally(() => console.close());
  return text.replaceAll('\r', '');
};
const lxcfsPid = (): number => world.lxcfs().at(-1) ?? assert.fail('no lxcfs');

test('who watches a container meets no process of the host: exec, terminals, the console, uncovering', async () => {
  await world.run(watched('watched'));
  const watcher = await watch(world, 'watched');
  for (let round = 0; round < 25; round++) {
    await world.exec('watched', 'true');
    await onTerminal('watched', 'true');
    const secret = await world.client.domains.exec({
      domain: 'watched',
      open: { argv: ['true'], env: { TOKEN: 'of its own' } },
    });
    secret.stdout.resume();
    await secret.exited;
  }
  for (let round = 0; round < 3; round++) {
    const console = await world.client.domains.console({
      domain: 'watched',
      open: { columns: 80, rows: 24 },
    });
    console.close();
  }
  process.kill(lxcfsPid(), 'SIGKILL');
  await waitFor(
    'lxcfs to be taken out of the container',
    async () => !/lxcfs/.test(await world.shell('watched', 'cat /proc/self/mounts')),
  );
  const { breaches, refused } = await watcher.end();
  assert.deepEqual(breaches, []);
  assert.ok(refused > 0, 'he was never in time: what he did not find says nothing');
});

/** The shell's own descriptors, without making one. */
const descriptors = 'ls -l /proc/$$/fd';
const linksIn = (listing: string) =>
  [...listing.matchAll(/ (\d+) -> (.*)$/gm)].map(([, fd, to]) => `${fd} ${to}`);

test('a program has the three descriptors of its session alone, whatever the daemon was started with', async () => {
  await world.stop();
  const secret = `${world.host}/secret`;
  await writeFile(secret, 'secret', { mode: 0o600 });
  const open = `exec 60</ 61<${secret} 9>>${secret}; exec "$@"`;
  await world.start({ through: ['/bin/bash', '-c', open, 'bash'] });
  try {
    await world.run(domainXml({ name: 'bare' }));
    const piped = linksIn(await world.shell('bare', descriptors)).join();
    assert.match(piped, /^0 pipe:\S+,1 pipe:\S+,2 pipe:\S+$/);
    const seen = linksIn(await onTerminal('bare', '/bin/sh', '-c', descriptors)).join();
    assert.match(seen, /^0 (\/dev\/pts\/\d+),1 \1,2 \1$/);
    for (const fd of [9, 60, 61])
      assert.notEqual((await world.exec('bare', 'ls', `/proc/self/fd/${fd}/`)).status, 0);
    assert.equal(linksIn(await world.shell('bare', 'ls -l /proc/1/fd')).length, 3);
    await world.run(domainXml({ name: 'typed', program: ['/bin/sh'] }));
    const said = linksIn(await onConsole('typed', `${descriptors}; echo the en''d\n`, /the end/));
    assert.deepEqual(
      said.map((link) => link.slice(0, 2)),
      ['0 ', '1 ', '2 '],
    );
  } finally {
    await world.clear();
    await world.stop();
    await world.start();
  }
});

/** What a program has by its birth, one below the other: of init, and of what asks. */
const traits = `
for process in 1 self; do
  cat /proc/$process/limits /proc/$process/coredump_filter /proc/$process/personality /proc/$process/oom_score_adj
  grep -E '^(Cpus_allowed|Mems_allowed|THP_enabled|NoNewPrivs)' /proc/$process/status
  echo $(cut -d ' ' -f 19,40,41 /proc/$process/stat)
done
ionice -p 1; ionice; cat /proc/1/timerslack_ns; umask`;
const bornOf = async (through: readonly string[]): Promise<string> => {
  await world.stop();
  await world.start({ through });
  await world.run(domainXml({ name: 'born' }));
  const born = await world.shell('born', traits);
  await world.clear();
  return born;
};

test('a container is the same whatever shell the daemon was started from', async () => {
  const prctl = process.arch === 'x64' ? 157 : 167;
  const shell = `
ulimit -S -c 1000; ulimit -S -s 1024; ulimit -S -n 4000; ulimit -S -l 64; ulimit -S -f 10000000; ulimit -S -t 100000
ulimit -S -u 9999; umask 027; echo 0x1 >/proc/self/coredump_filter
exec setarch -R taskset -c 0 ionice -c 3 nice -n 7 chrt --batch 0 \\
  perl -e 'syscall ${prctl}, 41, 1, 0, 0, 0; syscall ${prctl}, 29, 400000, 0, 0, 0; exec @ARGV' "$@"`;
  const plain = await bornOf([]);
  assert.match(plain, /^Max core file size +0 /m);
  assert.equal(await bornOf(['sh', '-c', shell, 'sh']), plain);
  const status = readFileSync(`/proc/${world.daemonPid}/status`, 'utf8');
  assert.match(status, /^Cpus_allowed_list:\s*0$/m, 'the daemon itself stays where it was put');
  const [, after = ''] = readFileSync(`/proc/${world.daemonPid}/stat`, 'utf8').split(') ');
  assert.equal(after.split(' ')[16], '7', 'and as nice as it was');
  await world.stop();
  await world.start();
});

test('a hundred programs leave no line in any log', async () => {
  await world.run(domainXml({ name: 'quiet' }));
  const log = `${world.root}/run/domains/quiet/lxc.log`;
  const sizes = () => [readFileSync(log).length, world.log.length];
  await world.exec('quiet', 'true');
  const before = sizes();
  for (let at = 0; at < 100; at++) assert.equal((await world.exec('quiet', 'true')).status, 0);
  assert.deepEqual(sizes(), before);
});

test('the ids, groups, mask, folder and session of a program are the container’s', async () => {
  await world.run(
    domainXml({
      name: 'own',
      more: "<features><capabilities policy='deny'><chown state='on'/><setuid state='on'/></capabilities></features>",
    }),
  );
  const status = await world.shell(
    'own',
    'umask; pwd; cat /proc/self/status /proc/self/oom_score_adj; cat /proc/self/cgroup',
  );
  assert.match(status, /^0022\n\/\n/);
  assert.match(status, /^Uid:\t0\t0\t0\t0$/m);
  assert.match(status, /^Groups:\s*$/m);
  const walls = (text: string) => text.match(/^(NoNewPrivs|Seccomp|Seccomp_filters):.*$/gm);
  assert.deepEqual(walls(status), walls(await world.shell('own', 'cat /proc/1/status')));
  assert.match(status, /^Seccomp:\t2$/m);
  const bounding = /^CapBnd:.*$/m.exec(await world.shell('own', 'cat /proc/1/status'))?.[0];
  assert.equal(/^CapBnd:.*$/m.exec(status)?.[0], bounding);
  assert.equal(/^CapEff:\t(.*)$/m.exec(status)?.[1], bounding?.slice('CapBnd:\t'.length));
  assert.doesNotMatch(status, /\.\.|ctvirt/);
});

test('a program is whom it is asked to be by the lists of its container, where it is asked to be, and nobody more', async () => {
  await world.run(domainXml({ name: 'who', more: '' }));
  await world.shell(
    'who',
    `echo 'web:x:1000:1001:Web:/home/web:/bin/ash' >> /etc/passwd
     printf 'web:x:1001:\nlogs:x:1002:other,web\nnone:x:1003:webber\nbad:x:4294967295:web\n' >> /etc/group
     mkdir -p /home/web /closed; chown 1000:1001 /home/web; chmod 700 /closed`,
  );
  const as = async (open: { user?: string; cwd?: string; env?: Record<string, string> }, line: string) => {
    const session = await world.client.domains.exec({
      domain: 'who',
      open: { argv: ['/bin/sh', '-c', line], ...open },
    });
    session.stdin.end();
    let text = '';
    for await (const chunk of session.stdout) text += String(chunk);
    return text.trim();
  };
  const variables = 'echo $USER,$LOGNAME,$HOME,$PWD,$LANG,$SHELL';
  assert.equal(await as({}, variables), 'root,root,/root,/,,');
  await world.shell('who', 'mkdir -p /usr/lib/locale/C.utf8');
  assert.equal(await as({}, variables), 'root,root,/root,/,C.UTF-8,');
  assert.equal(await as({ user: 'web' }, variables), 'web,web,/home/web,/home/web,C.UTF-8,/bin/ash');
  assert.equal(
    await as({ user: '1000', cwd: '/tmp', env: { LANG: 'C', HOME: '/h' } }, variables),
    'web,web,/h,/tmp,C,/bin/ash',
  );
  assert.equal(
    await as({ user: '1234' }, `${variables}; id -u; id -G`),
    '1234,1234,/,/,C.UTF-8,\n1234\n1234',
  );
  const status = await as({ user: 'web' }, 'pwd; cat /proc/self/status; echo again > /proc/self/fd/1');
  assert.match(
    status,
    /^\/home\/web\n[\s\S]*^Uid:(\t1000){4}\nGid:(\t1001){4}$[\s\S]*^Groups:\t1002 ?$[\s\S]*again$/m,
  );
  for (const kind of ['Inh', 'Prm', 'Eff', 'Amb']) assert.match(status, new RegExp(`^Cap${kind}:\t0+$`, 'm'));
  assert.match(await onTerminal('who', '/bin/sh', '-c', 'tty'), /pts/);
  const session = await world.client.domains.exec({
    domain: 'who',
    open: { argv: ['sh', '-c', 'stat -c %u $(tty)'], tty: true, user: 'web' },
  });
  let owner = '';
  for await (const chunk of session.stdout) owner += String(chunk);
  assert.equal(owner.trim(), '1000');
  // It ends with its session like any other.
  const long = await world.client.domains.exec({
    domain: 'who',
    open: { argv: ['sleep', '347'], user: 'web' },
  });
  long.close();
  await waitFor('its end', async () => !/sleep 347/.test(await world.shell('who', 'ps')));

  const fails = (
    code: 'not-found' | 'denied' | 'invalid' | 'host-command',
    open: { user?: string; cwd?: string },
  ) => refused(code, world.client.domains.exec({ domain: 'who', open: { argv: ['true'], ...open } }));
  assert.match((await fails('not-found', { user: 'nobody-here' })).message, /has no user 'nobody-here'/);
  assert.match((await fails('not-found', { cwd: '/none' })).message, /has no folder '\/none'/);
  assert.match((await fails('denied', { user: 'web', cwd: '/closed' })).message, /web may not enter/);
  await fails('invalid', { user: '4000000000' });
  await fails('not-found', { user: '4294967295' });
  await fails('not-found', { user: '4294967296' });
  // The lists are the container's: whatever it makes of them, nobody gets more than it has, and nobody waits.
  for (const lie of [
    'web:x:4294967295:0::/:',
    'web:x:4294967296:0::/:',
    'web:x:-1:0::/:',
    'web:x:0x0:0::/:',
    'web',
    '',
  ])
    await world.shell('who', `echo '${lie}' > /etc/passwd`).then(() => fails('not-found', { user: 'web' }));
  for (const made of [
    'mkfifo /etc/passwd',
    'mknod /etc/passwd p',
    'mkdir /etc/passwd',
    'ln -s /dev/zero /etc/passwd',
    'dd if=/dev/zero of=/etc/passwd bs=1M count=3',
  ]) {
    await world.shell('who', `rm -rf /etc/passwd; ${made} 2>/dev/null`);
    const began = performance.now();
    await fails('host-command', { user: 'web' });
    assert.ok(performance.now() - began < 5000, made);
    assert.equal((await world.exec('who', 'true')).status, 0);
  }
  await world.shell('who', 'rm -rf /etc/passwd');
  await fails('not-found', { user: 'web' });
});

test('its input may be closed, its output reopened, and its terminal is one of the container’s', async () => {
  await world.run(domainXml({ name: 'plain' }));
  assert.equal(await world.shell('plain', 'echo again > /proc/self/fd/1'), 'again');
  assert.equal(await world.shell('plain', 'wc -c'), '0');
  assert.match(
    await onTerminal('plain', '/bin/sh', '-c', 'tty; stty size < /dev/tty'),
    /^\/dev\/pts\/\d+\n24 80\n$/,
  );
});

/** Long before that a daemon that is held up would have been missed. */
const answersMs = 2000;
async function assertAnswers(): Promise<void> {
  const late = sleep(answersMs, 'late', { ref: false });
  assert.notEqual(await Promise.race([world.client.domains.list(), late]), 'late');
}

test('who does not read what is typed to him, or ends while somebody watches, holds up nobody', async () => {
  const deaf = 'stty raw -echo; echo deaf; exec sleep 1000';
  const name = 'hostile';
  await world.run(
    domainXml({ name, program: ['/bin/sh', '-c', `trap 'exit 0' USR2; (${deaf}) < /dev/console & wait`] }),
  );
  const open = { argv: ['/bin/sh', '-c', deaf], tty: true };
  for (const session of [
    await world.client.domains.exec({ domain: name, open }),
    await world.client.domains.console({ domain: name, open: {} }),
  ]) {
    session.stdout.resume();
    session.stdin.on('error', () => undefined); // it is never read
    await sleep(500);
    for (let times = 0; times < 50; times++) session.stdin.write('x'.repeat(10_000));
    for (let times = 0; times < 3; times++) {
      await sleep(100);
      await assertAnswers();
    }
  }
  await world.client.domains.shutdown({ domain: name, waitMs: 10_000 });
  await sleep(200);
  await assertAnswers();
});

test('one has the console, by whichever door: who else asks is told who it is, and may take it over', async () => {
  await world.run(domainXml({ name: 'one', program: ['/bin/sh'] }));
  const open = (force: boolean) => world.client.domains.console({ domain: 'one', open: { force } });
  const virsh = (...words: string[]) => ['virsh', '-c', world.uri('ctvirt'), 'console', 'one', ...words];
  const first = await open(false);
  const { message } = await refused('in-use', open(false));
  assert.match(
    message,
    /^a client of HTTP, such as ctvirt, has had the console of domain 'one' since .*--force/,
  );
  const held = await world.enclosure.run(['script', '-qec', virsh().join(' '), '/dev/null']);
  assert.equal(held.status, 1, held.stdout);
  assert.match(held.stdout, /Active console session exists for this domain: a client of HTTP/);
  const lost = assert.rejects(first.exited, /a client of HTTP, such as ctvirt, has taken over the console/);
  const second = await open(true);
  await lost;
  let seen = '';
  second.stdout.on('data', (chunk: Buffer) => (seen += String(chunk)));
  second.stdin.write('echo $((6 * 7))\n');
  await waitFor('an answer', () => /^42\r$/m.test(seen));
  const taken = assert.rejects(
    second.exited,
    /a client of libvirt, such as virsh, has taken over the console/,
  );
  const third = spawn('script', ['-qec', virsh('--force').join(' '), '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await taken;
  await refused('in-use', open(false));
  third.stdin.write('\x1d');
  await once(third, 'exit');
  // Who leaves and comes back is not in his own way.
  for (let times = 0; times < 5; times++) (await open(false)).close();
  // Nor does anybody outside keep it in silence.
  const [, path = assert.fail('no monitor')] =
    /\[lxc monitor\] (\S+) one/.exec(world.processes().join('\n')) ?? [];
  const console = `lxc-console -P ${path} -n one -t 0`;
  const outside = world.enclosure.argv('script', '-qec', console, '/dev/null');
  const [file = '', ...args] = outside;
  await sleep(500);
  const lxc = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(lxc.stdout, 'data');
  assert.match(
    (await refused('in-use', open(true))).message,
    /a program of the host that ctvirt has not started/,
  );
  lxc.kill();
});

test('the console passes bytes as they are, and has the size of who sits before it', async () => {
  await world.run(domainXml({ name: 'exact', program: ['/bin/sh'] }));
  const console = await world.client.domains.console({ domain: 'exact', open: { columns: 132, rows: 43 } });
  let seen = '';
  console.stdout.on('data', (chunk: Buffer) => (seen += String(chunk)));
  const told = async (line: string, until: RegExp): Promise<string> => {
    seen = '';
    console.stdin.write(`${line}\r`);
    return await waitFor(line, () => (until.test(seen) ? seen : undefined));
  };
  try {
    assert.match(await told('stty size; echo end', /\nend\r\n/), /^43 132\r$/m);
    console.resize(71, 13);
    assert.match(await told('stty size; echo end', /\nend\r\n/), /^13 71\r$/m);
    // The container's own terminal puts a carriage return before a line feed, as its settings say, and nobody adds any.
    assert.doesNotMatch(await told('echo one; echo end', /\nend\r\n/), /\r\r/);
    const raw = await told("stty -opost; printf 'two\\nthree\\n'; stty opost; echo end", /\nend\r\n/);
    assert.match(raw, /two\nthree\n/);
  } finally {
    console.close();
  }
});

test('what lies where a terminal should be holds up nobody', async () => {
  await world.run(domainXml({ name: 'hostile' }));
  await world.shell('hostile', 'umount /dev/ptmx; umount -l /dev/pts; mkfifo /dev/pts/ptmx');
  const began = performance.now();
  await refused('host-command', onTerminal('hostile', 'true'));
  assert.ok(performance.now() - began < 5000);
  assert.equal((await world.exec('hostile', 'true')).status, 0);
});

test('a session ends with its program, all of whose output comes, whatever it left behind goes on to write', async () => {
  await world.run(domainXml({ name: 'chatty' }));
  const survivor = "(trap '' HUP TERM INT; while :; do echo survivor; usleep 20000; done) &";
  for (const writer of [survivor, '(trap "" HUP TERM INT; exec yes survivor) &', 'true;']) {
    const began = performance.now();
    const { status, stdout } = await world.exec('chatty', 'sh', '-c', `${writer} seq 20000; exit 7`);
    assert.ok(performance.now() - began < 8000, `${writer} ends`);
    assert.equal(status, 7);
    const own = stdout.split('\n').filter((line) => /^\d+$/.test(line));
    assert.equal(own.length >= 19_900, true, `${own.length} lines of its own`);
    if (writer === 'true;') assert.equal(own.at(-1), '20000');
  }
});

test('who stops a program on its way in, or ends it, gets an error told, and the next one comes in', async () => {
  await world.run(watched('rude'));
  const session = await world.client.domains.exec({ domain: 'rude', open: { argv: ['sleep', '1000'] } });
  session.stdout.resume();
  await world.client.domains.destroy({ domain: 'rude' });
  assert.equal(await session.exited, 137);
  await refused('wrong-state', world.exec('rude', 'true'));
});

/** The exit status of `ctvirt exec`, sent a signal once its program has said something. */
async function interrupted(domain: string, signal: NodeJS.Signals, line: string): Promise<number | null> {
  const client = world.startCli(['exec', domain, '--', '/bin/sh', '-c', line]);
  const ended = once(client, 'exit');
  await once(client.stdout ?? assert.fail('no output'), 'data');
  client.kill(signal);
  const [status] = await ended;
  return typeof status === 'number' ? status : null;
}

const trap = "trap 'echo $0 > /told; exit 9' HUP INT TERM; echo up; while :; do sleep 0.1; done";
const tree = '(while :; do sleep 345; done) & sleep 346; echo after';
const ended = async () => !/sleep 34/.test(await world.shell('told', 'ps'));

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const)
  test(`${signal} to a client reaches its program, and all that it has begun`, async () => {
    await world.run(domainXml({ name: 'told' }));
    assert.equal(await interrupted('told', signal, trap), 9);
    assert.equal(await world.shell('told', 'cat /told; rm /told'), '/bin/sh');
    // What a shell begins in the background it makes deaf to SIGINT.
    const line = signal === 'SIGINT' ? '(while :; do sleep 345; done); echo after' : tree;
    const status = await interrupted('told', signal, `echo up; ${line}`);
    assert.equal(status, 128 + constants.signals[signal]);
    await waitFor('the end of all', ended);
  });

test('what a client that is killed has begun ends, and so does a program that ignores being asked', async () => {
  await world.run(domainXml({ name: 'told' }));
  const deaf = `trap '' HUP INT TERM; echo up; ${tree}`;
  assert.equal(await interrupted('told', 'SIGKILL', deaf), null);
  await waitFor('the end of all', ended);
  assert.equal(await interrupted('told', 'SIGTERM', deaf), 137);
  await waitFor('the end of all', ended);
});
