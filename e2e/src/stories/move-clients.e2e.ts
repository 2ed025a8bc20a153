// libvirt's clients move a domain: virsh and libvirt-python lead it from one host to another, and wherever they fail one host alone has it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, hostname, tmpdir } from 'node:os';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from '@ctvirt/rpc';
import { clientOptions } from '../world/client-program.js';
import { type Outcome, run } from '../world/command.js';
import { type Cut, cutting } from '../world/cut.js';
import { domainXml, obedient, templateRoot } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

let near: World;
let far: World;
/** Where the source finds programs first. */
let bin: string;
before(async () => {
  bin = mkdtempSync(`${tmpdir()}/ctvirt-bin-`);
  near = await World.open({ env: { PATH: `${bin}:${process.env['PATH']}` } });
  far = await World.open();
});
afterEach(async () => {
  for (const world of [near, far]) {
    await world.clearKept();
  }
});
after(async () => {
  await near.close();
  await far.close();
  rmSync(bin, { recursive: true });
});

const name = 'shop';
const limited = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>40</space_hard_limit></filesystem>`;
const runs = () => near.run(domainXml({ name, program: obedient, filesystems: [templateRoot] }));
const both = ['--persistent', '--undefinesource'];
const here = () => near.uri('lxc');
const there = () => far.uri('lxc');
/** How the source reaches the target by itself; what the target says of itself is by ssh. */
const way = () => ['--migrateuri', far.uri('lxc')];

const migrate = (words: readonly string[], from = here(), to = there()): Promise<Outcome> =>
  run(['virsh', '-c', from, 'migrate', ...words, name, to], clientOptions);

const has = async (world: World): Promise<boolean> =>
  (await world.client.domains.list()).some((domain) => domain.name === name);

/** One host alone has it, running; nothing is left of the move, and nobody waits for it. */
async function settled(where: World): Promise<void> {
  const isSettled = async (): Promise<boolean> =>
    (await has(near)) !== (await has(far)) &&
    [near, far].every(
      (world) => !world.files().some((file) => /^[^~]*\/(moving\.json|\.coming-|\.new-)/.test(file)),
    );
  await waitFor('one host alone to have it', isSettled).catch(async (error: unknown) =>
    assert.fail(`${String(error)}: ${await has(near)}, ${await has(far)}\n${near.log}\n${far.log}`),
  );
  assert.equal(await has(where), true, `${near.log}\n${far.log}`);
  await waitFor('no job', async () =>
    (await where.client.jobs.list()).every(({ state }) => state !== 'running'),
  );
  assert.match(await where.state(name), /^running/);
  // Its turn is free.
  await where.client.domains.suspend({ domain: name });
  await where.client.domains.resume({ domain: name });
}

test('virsh leads it from one host to the other and back, running or off', async () => {
  await runs();
  await near.shell(name, 'echo hers >/srv/hers');
  const first = await migrate(['--live', ...both, ...way()]);
  assert.equal(first.status, 0, first.stderr);
  await settled(far);
  assert.equal(await far.shell(name, 'cat /srv/hers'), 'hers');
  await far.client.domains.destroy({ domain: name });
  const words = ['--verbose', '--change-protection', '--migrateuri', near.uri('lxc'), ...both];
  const back = await migrate(words, there(), here());
  assert.equal(back.status, 0, back.stderr);
  assert.match(back.stderr, /100 %/);
  assert.deepEqual([await has(near), await has(far)], [true, false]);
  assert.equal(await near.state(name), 'shutoff (unknown)');
  const offline = await migrate(['--offline', '--p2p', ...both]);
  assert.equal(offline.status, 0, offline.stderr);
  assert.deepEqual([await has(near), await has(far)], [false, true]);
});

test('options are obeyed, or refused by name with what to do', async () => {
  await runs();
  const xml = `${near.host}/new.xml`;
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['--live'], /is one host alone: add --persistent --undefinesource \(virt-manager/],
    [['--live', '--persistent'], /add --persistent --undefinesource/],
    [['--live', '--undefinesource'], /add --persistent --undefinesource/],
    [['--offline', ...both], /--offline: .*: add --p2p/],
    [['--offline', '--p2p', ...both], /--offline: the domain runs; shut it down/],
    [['--direct', ...both], /direct migration is not supported/],
    [['--tunnelled', ...both], /cannot perform tunnelled migration without using peer2peer flag/],
    [['--suspend', ...both], /--suspend: it boots at the other host/],
    [['--postcopy', ...both], /--postcopy: no memory goes along/],
    [['--compressed', ...both], /--compressed: ssh compresses/],
    [['--auto-converge', ...both], /--auto-converge: it is never slowed down/],
    [['--rdma-pin-all', ...both], /--rdma-pin-all: no memory/],
    [['--tls', ...both], /--tls: the URI says/],
    [['--parallel', ...both], /--parallel: its files go through one/],
    [['--zerocopy', ...both], /--zerocopy: no memory/],
    [
      ['--copy-storage-all', '--copy-storage-synchronous-writes', ...both],
      /--copy-storage-synchronous-writes: /,
    ],
    [['--dname', 'other', ...both], /--dname: it keeps its name/],
    [['--persistent-xml', xml, ...both], /--persistent-xml: its document goes along as it is/],
    [['--xml', xml, ...both], /--xml: its document goes along as it is/],
    [['--listen-address', '::', ...both], /listen_address: no move knows it/],
    [
      ['--migrateuri', 'rdma:far', ...both],
      /a URI such as ctvirt\+ssh:\/\/HOST\/system says where to, not 'rdma:far'/,
    ],
    [['--p2p', ...way(), ...both], /--migrateuri: its files go through the connection/],
  ];
  await run(['/bin/sh', '-c', `virsh -c '${here()}' dumpxml ${name} >${xml}`]);
  for (const [words, why] of refused) {
    const { status, stderr } = await migrate(words);
    assert.deepEqual([words, status], [words, 1]);
    assert.match(stderr, why);
  }
  await settled(near);
  const obeyed = ['--copy-storage-inc', '--change-protection', '--unsafe', '--abort-on-error'];
  const { status, stderr } = await migrate(['--live', ...obeyed, ...both, ...way()]);
  assert.equal(status, 0, stderr);
  await settled(far);
});

test('what the other host refuses is told before anything is sent', async () => {
  await runs();
  await far.define(domainXml({ name }));
  const { status, stderr } = await migrate(['--live', ...both, ...way()]);
  assert.equal(status, 1);
  assert.match(stderr, /domain 'shop' is already defined/);
  await far.erase(name);
  await settled(near);
});

test('a source that does not reach the target says so, and what to do', async () => {
  await runs();
  const nowhere = await migrate([...both, '--migrateuri', 'ctvirt+unix:///system?socket=/nowhere']);
  assert.match(
    nowhere.stderr,
    /cannot be reached from this host: .*'--migrateuri ctvirt\+ssh:\/\/HOST\/' says/,
  );
  const bySsh = await migrate(both);
  assert.match(bySsh.stderr, /ctvirt\+ssh:\/\/[^/]+\/system\?socket=\S+ cannot be reached from this host/);
  await settled(near);
});

/** In place of ssh, and of names that mean something: it is at the other host already. Returns whom it was to reach. */
async function reaching(work: () => Promise<void>): Promise<string[]> {
  const said = `${bin}/said`;
  const ssh = `#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\necho "$2" >>${said}\nshift 2\nexec "$@"\n`;
  writeFileSync(`${bin}/ssh`, ssh, { mode: 0o755 });
  try {
    await work();
    return [...new Set(readFileSync(said, 'utf8').trim().split('\n'))];
  } finally {
    rmSync(`${bin}/ssh`);
    rmSync(said, { force: true });
  }
}

test('where it is the target says itself: its name, or the address that was said, by ssh', async () => {
  for (const [words, host] of [
    [[], hostname()],
    [['--migrateuri', 'tcp:192.0.2.7'], '192.0.2.7'],
  ] as const) {
    await runs();
    const reached = await reaching(async () => {
      const { status, stderr } = await migrate(['--live', ...both, ...words]);
      assert.equal(status, 0, stderr);
      await settled(far);
    });
    assert.deepEqual(reached, [host]);
    await far.erase(name);
  }
});

test('one that takes too long is shut down, and the rest is sent then', async () => {
  for (const root of [templateRoot, limited]) {
    const { ended, said } = await slow(root, '--timeout', '3');
    await near.waitForState(name, 'shutoff (shutdown)');
    assert.equal(
      (await near.client.jobs.list()).some(({ state }) => state === 'running'),
      true,
    );
    assert.equal(await ended, 0, said());
    await settled(far);
    assert.equal(await far.shell(name, 'wc -c </srv/bulk'), '6000000');
    await far.erase(name);
  }
});

test('the target is lost while files are sent, and the domain runs on', async () => {
  const { ended, said } = await slow(templateRoot);
  await far.kill();
  await far.start();
  assert.equal(await ended, 1, said());
  await settled(near);
});

const cuts: readonly (readonly [string, 'near' | 'far', Cut, 'near' | 'far'])[] = [
  ['before Begin', 'near', { procedure: 302, afterMs: undefined }, 'near'],
  ['after Begin', 'near', { procedure: 302, afterMs: 300 }, 'near'],
  ['before Prepare', 'far', { procedure: 303, afterMs: undefined }, 'near'],
  ['in Prepare', 'far', { procedure: 303, afterMs: 100 }, 'near'],
  ['before Perform', 'near', { procedure: 305, afterMs: undefined }, 'near'],
  ['in Perform', 'near', { procedure: 305, afterMs: 400 }, 'near'],
  ['before Finish', 'far', { procedure: 306, afterMs: undefined }, 'far'],
  ['in Finish', 'far', { procedure: 306, afterMs: 100 }, 'far'],
  ['before Confirm', 'near', { procedure: 307, afterMs: undefined }, 'far'],
];
for (const [when, side, cut, keeper] of cuts)
  test(`the client loses ${side === 'near' ? 'the source' : 'the target'} ${when}`, async () => {
    await runs();
    await near.shell(name, 'head -c 6000000 /dev/urandom >/srv/bulk');
    const world = side === 'near' ? near : far;
    const path = `${world.host}/relay`;
    await using _ = await cutting(path, `${world.root}/run/libvirt-sock`, cut);
    const relayed = `lxc+unix:///system?socket=${path}`;
    const words = ['--live', '--bandwidth', '4', ...both, ...way()];
    const outcome = await (side === 'near' ? migrate(words, relayed) : migrate(words, here(), relayed));
    // Of what comes after it is there the client has no need; one that writes to where nobody reads may die of that.
    const statuses = when === 'before Confirm' ? [0] : [1, 128 + constants.signals.SIGPIPE];
    assert.ok(statuses.includes(outcome.status), `status ${outcome.status}: ${outcome.stderr}`);
    await settled(keeper === 'near' ? near : far);
  });

test('a move that was begun holds the domain, and ends with the connection, by a word, or with the daemon', async () => {
  await runs();
  const { uuid } = await near.client.domains.summary({ domain: name });
  const dom = { name, uuid, id: 1 };
  const begun = async () => {
    const connection = await connect(near.uri('ctvirt'));
    const begin = { dom, params: [], flags: 1 | 8 | 16 };
    const { xml } = await connection.client.call('domainMigrateBegin3Params', begin);
    assert.match(xml, /<name>shop<\/name>/);
    return connection;
  };
  const first = await begun();
  const { stderr } = await migrate([...both, ...way()]);
  assert.match(stderr, /domain 'shop' has a job, move, since/);
  const waiting = near.client.domains.suspend({ domain: name });
  assert.equal(await Promise.race([waiting, sleep(300, 'waits')]), 'waits');
  await first.close();
  await waiting;
  await near.client.domains.resume({ domain: name });
  const second = await begun();
  await near.client.jobs.abort({ domain: name });
  await settled(near);
  const params = [{ field: 'migrate_uri', type: 'string', value: far.uri('ctvirt') } as const];
  const perform = { dom, dconnuri: null, params, cookieIn: Buffer.alloc(0), flags: 1 | 8 | 16 };
  await assert.rejects(second.client.call('domainMigratePerform3Params', perform), /interrupted/);
  await second.close();
  const third = await begun();
  await near.stop();
  await third.close();
  await near.start();
  await settled(near);
});

/** A move that takes its time, as a person at a terminal begins it. */
async function slow(root: string, ...more: readonly string[]) {
  await near.run(domainXml({ name, program: obedient, filesystems: [root] }));
  await near.shell(name, 'head -c 6000000 /dev/urandom >/srv/bulk');
  const words = ['migrate', '--live', '--bandwidth', '1', ...both, ...way(), ...more, name, there()];
  const line = ['virsh', '-c', here(), ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', `exec ${line}`, '/dev/null'], {
    env: { PATH: process.env['PATH'], ...clientOptions.env },
    stdio: 'pipe',
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const isSending = async (): Promise<boolean> =>
    (await near.client.jobs.list()).some(
      ({ kind, state, progress }) => kind === 'move' && state === 'running' && (progress?.done ?? 0) > 1e6,
    );
  await waitFor('its files to be sent', isSending);
  return { child, ended, said: () => said };
}

test('virsh is killed while files are sent, and the domain runs on', async () => {
  const { child, ended } = await slow(templateRoot);
  child.kill('SIGKILL');
  await ended;
  await settled(near);
});

test('Ctrl-C ends a move, and so does domjobabort, which domjobinfo tells of', async () => {
  const first = await slow(templateRoot, '--verbose');
  await sleep(1200);
  first.child.stdin.write('\x03');
  assert.equal(await first.ended, 1, first.said());
  assert.match(first.said(), /move of domain 'shop': interrupted; the domain stays here/);
  assert.match(first.said(), /Migration: \[ *\d{1,2} %\]/);
  await settled(near);
  await near.erase(name);
  const second = await slow(templateRoot);
  const virsh = (...words: string[]) => run(['virsh', '-c', here(), ...words], clientOptions);
  const { stdout } = await virsh('domjobinfo', name);
  assert.match(stdout, /Job type: +Unbounded[\s\S]*File processed: +[1-9]/);
  assert.equal((await virsh('domjobabort', name)).status, 0);
  assert.equal(await second.ended, 1);
  await settled(near);
});

test("libvirt-python and virt-manager's own code move it, and what neither can is refused in words", async () => {
  await runs();
  const script = fileURLToPath(new URL('../../src/world/clients-moves.py', import.meta.url));
  const argv = ['/usr/bin/python3', script, here(), there(), name];
  const reached = await reaching(async () => {
    const { status, stdout, stderr } = await run(argv, clientOptions);
    assert.equal(status, 0, stderr);
    const { temporary, document, ...done } = JSON.parse(stdout);
    assert.match(temporary, /virt-manager: not as a temporary move/);
    assert.match(document, /--xml: its document goes along as it is/);
    const atNear = [[name], []];
    const atFar = [[], [name]];
    const home = [name, 1, 1, ...atNear];
    assert.deepEqual(done, { unsafe: [null, ...atFar], back: atNear, tunnelled: [null, ...atFar], home });
  });
  assert.deepEqual(reached, [hostname()]);
  await settled(near);
});
