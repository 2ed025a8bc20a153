// Many at once: operations on one domain take turns, those on different domains go on side by side, and none is lost.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { ApiError, type ErrorCode } from '@ctvirt/api';
import { connect, RpcError } from '@ctvirt/rpc';
import { domainXml } from '../world/documents.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

/** How often each happened: `done`, or the code of a refusal. */
async function outcomes(calls: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const settled of await Promise.allSettled(calls)) {
    if (settled.status === 'rejected' && !(settled.reason instanceof ApiError)) throw settled.reason;
    const key = settled.status === 'fulfilled' ? 'done' : settled.reason.code;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
const times = <T>(count: number, call: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => call(index));

test('of eight starts at once one starts, of eight destroys one ends', async () => {
  await world.define(domainXml({ name: 'one' }));
  const { start, destroy } = world.client.domains;
  assert.deepEqual(await outcomes(times(8, () => start({ domain: 'one' }))), { done: 1, 'wrong-state': 7 });
  assert.deepEqual(await outcomes(times(8, () => destroy({ domain: 'one' }))), { done: 1, 'wrong-state': 7 });
});

test('of eight undefines at once one undefines', async () => {
  await world.define(domainXml({ name: 'one' }));
  const undefine = () => world.client.domains.undefine({ domain: 'one', storage: true });
  assert.deepEqual(await outcomes(times(8, undefine)), { done: 1, 'not-found': 7 });
});

test('of eight definitions with one name the last stands, whole', async () => {
  const xml = (index: number) => domainXml({ name: 'one', more: `<title>number ${index}</title>` });
  const results = await Promise.all(times(8, (index) => world.define(xml(index))));
  const last = await world.client.domains.summary({ domain: 'one' });
  assert.equal(new Set(results.map(({ domain }) => domain.uuid)).size, 1);
  assert.match(last.title ?? '', /^number \d$/);
  assert.match(await world.client.domains.xml({ domain: 'one' }), new RegExp(`<title>${last.title}</title>`));
});

test('of four domains that are given one address at once one has it, and that one alone runs with it', async () => {
  const link = "<interface type='ethernet'><ip address='192.168.6.1'/></interface>";
  const names = times(4, (index) => `moved-${index}`);
  for (const name of names) await world.define(domainXml({ name }));
  const moves = names.map((name) => world.define(domainXml({ name, interfaces: [link] })));
  assert.deepEqual(await outcomes(moves), { done: 1, exists: 3 });
  await Promise.all(names.map((domain) => world.client.domains.start({ domain })));
  const having = (await world.client.domains.list()).filter(({ addresses }) => addresses.length > 0);
  assert.equal(having.length, 1);
  assert.deepEqual((await world.client.check.list()).stray, []);
});

test('a change that meets the end of its container says so, and leaves nothing', async () => {
  await world.define(domainXml({ name: 'ends' }));
  await using connection = await connect(world.uri('ctvirt'));
  const ends = await connection.domainLookupByName({ name: 'ends' });
  /** libvirt's number for an operation that is not valid in this state. */
  const isLate = (error: unknown) => error instanceof RpcError && error.details?.code === 55;
  for (let round = 0; round < 30; round++) {
    await world.client.domains.start({ domain: 'ends' });
    const link = `<interface type='ethernet'><ip address='192.168.6.${round + 1}'/></interface>`;
    const attached = ends.attachDeviceFlags({ xml: link, flags: 1 }).catch((error: unknown) => {
      if (!isLate(error)) throw error;
    });
    const { initPid } = await world.client.domains.info({ domain: 'ends' });
    await sleep(round);
    process.kill(initPid ?? assert.fail('it does not run'), 'SIGKILL');
    await attached;
    await world.waitForState('ends', 'shutoff (crashed)');
  }
  assert.deepEqual((await world.client.check.list()).stray, []);
});

test('a transient domain whose start fails is gone as a whole, whoever would start it meanwhile', async () => {
  const xml = domainXml({ name: 'brief', program: ['/no/such/init'] });
  for (let round = 0; round < 6; round++) {
    const created = world.client.domains.define({ body: xml, transient: true });
    const starts = times(6, async (index) => {
      for (let turns = 0; turns < index * 5; turns++) await turn();
      return await world.client.domains.start({ domain: 'brief' });
    });
    const codes = await outcomes([created, ...starts]);
    assert.deepEqual([codes['done'], codes['internal']], [undefined, undefined], JSON.stringify(codes));
    assert.deepEqual(await world.client.domains.list(), []);
    assert.deepEqual(
      (await world.client.check.list()).owned.filter(({ kind }) => kind === 'id-range'),
      [],
    );
  }
});

test('of eight domains that want one address, or one UUID, one has it', async () => {
  const link = "<interface type='ethernet'><ip address='192.168.6.1'/></interface>";
  const linked = (index: number) => domainXml({ name: `linked-${index}`, interfaces: [link] });
  const uuid = '<uuid>11111111-2222-4333-8444-555555555555</uuid>';
  const named = (index: number) => domainXml({ name: `named-${index}`, more: uuid });
  for (const xml of [linked, named])
    assert.deepEqual(await outcomes(times(8, (index) => world.define(xml(index)))), { done: 1, exists: 7 });
});

test('eight OpenVZ domains defined at once have eight CTIDs and eight ranges of ids', async () => {
  await Promise.all(times(8, (index) => world.define(domainXml({ name: `vz-${index}`, type: 'openvz' }))));
  const domains = await world.client.domains.list();
  assert.deepEqual(
    domains.map(({ ctid }) => ctid).sort(),
    times(8, (index) => 101 + index),
  );
  const { owned } = await world.client.check.list();
  const ranges = owned.filter(({ kind }) => kind === 'id-range').map(({ what }) => what);
  assert.equal(new Set(ranges).size, 8);
});

test('of four imports with one name one is made', async () => {
  const build = () => world.client.templates.build({ template: 'same', body: { distribution: 'busybox' } });
  const counts = await outcomes(times(4, build));
  assert.equal(counts['done'], 1);
  assert.equal((counts['busy'] ?? 0) + (counts['exists'] ?? 0), 3);
  await world.client.templates.remove({ template: 'same' });
});

/** The daemon's lxc-start for this domain, which lives for a few ms; undefined if the start is over before. */
async function catchStart(name: string, isOver: () => boolean): Promise<number | undefined> {
  for (; !isOver(); await turn())
    for (const pid of childrenOf(world.daemonPid)) {
      const words = commandLine(pid);
      if (words[0] === '/usr/bin/lxc-start' && words[4] === name) return Number(pid);
    }
  return undefined;
}

/** It starts them on its main thread. */
const childrenOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // ended meanwhile
  }
}

/** Stops lxc-start in the middle of the domain's start; a start that was too quick is tried again. */
async function startHalfway(name: string): Promise<{ started: Promise<unknown>; goOn: () => void }> {
  for (let tries = 0; tries < 20; tries++) {
    let isOver = false;
    const started = world.client.domains.start({ domain: name }).finally(() => (isOver = true));
    const pid = await catchStart(name, () => isOver);
    if (pid !== undefined) {
      process.kill(pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (!isOver && pid !== undefined) return { started, goOn: () => process.kill(pid, 'SIGCONT') };
    await started;
    await world.client.domains.destroy({ domain: name });
  }
  throw new Error('lxc-start was too quick twenty times');
}

test('while one start hangs its domain waits, and every other one does not', async () => {
  await world.define(domainXml({ name: 'slow' }));
  const { started, goOn } = await startHalfway('slow');
  const order: string[] = [];
  const noted = (what: string, call: Promise<unknown>) => call.then(() => order.push(what));
  const slow = [
    noted('start', started),
    noted('suspend', world.client.domains.suspend({ domain: 'slow' })),
    noted('resume', world.client.domains.resume({ domain: 'slow' })),
    noted('destroy', world.client.domains.destroy({ domain: 'slow' })),
    noted('undefine', world.client.domains.undefine({ domain: 'slow', storage: true })),
  ];
  try {
    await world.run(domainXml({ name: 'quick' }));
    assert.equal(await world.shell('quick', 'echo alive'), 'alive');
    await world.erase('quick');
    assert.deepEqual(order, [], 'something overtook the start');
    assert.equal((await world.client.domains.summary({ domain: 'slow' })).state, 'shutoff');
  } finally {
    goOn();
  }
  await Promise.all(slow);
  assert.deepEqual(order, ['start', 'suspend', 'resume', 'destroy', 'undefine']);
});

test('a crowd on three domains: each ends in a state it was asked for, and nothing is left', async () => {
  const expected: readonly ErrorCode[] = ['wrong-state', 'not-found', 'exists', 'busy'];
  const { start, destroy, undefine, suspend, resume } = world.client.domains;
  const names = ['a', 'b', 'c'];
  const all = names.flatMap((domain) =>
    times(4, () => [
      world.define(domainXml({ name: domain })),
      start({ domain }),
      suspend({ domain }),
      resume({ domain }),
      destroy({ domain }),
      undefine({ domain, storage: true }),
    ]).flat(),
  );
  const counts = await outcomes(all);
  for (const code of Object.keys(counts))
    assert.ok(['done', ...expected].includes(code), JSON.stringify(counts));
  assert.ok((counts['done'] ?? 0) >= names.length, JSON.stringify(counts));
  for (const { state } of await world.client.domains.list())
    assert.match(state, /^(shutoff|running|paused)$/);
});

test('eight domains come up and go at once', async () => {
  const names = times(8, (index) => `crowd-${index}`);
  await Promise.all(names.map((name) => world.run(domainXml({ name }))));
  assert.equal((await world.client.domains.list()).filter(({ state }) => state === 'running').length, 8);
  await Promise.all(names.map((name) => world.erase(name)));
});

test('a domain that is just being started is not found in two minds', async () => {
  await world.define(domainXml({ name: 'one' }));
  const started = world.client.domains.start({ domain: 'one' });
  const seen: string[] = [];
  let isOver = false;
  void started.finally(() => (isOver = true));
  while (!isOver) seen.push((await world.client.domains.summary({ domain: 'one' })).state);
  seen.push((await world.client.domains.summary({ domain: 'one' })).state);
  assert.match(seen.join(' '), /^(shutoff )*running( running)*$/);
  await refused('wrong-state', world.client.domains.start({ domain: 'one' }));
});

test('a clean-up beside everything else takes nothing that is in use', async () => {
  const { define, start, destroy, undefine } = world.client.domains;
  const link = "<interface type='ethernet'><ip address='192.168.6.9'/></interface>";
  const limit = "<space_hard_limit unit='MiB'>64</space_hard_limit></filesystem>";
  const limited = (name: string) => domainXml({ name, interfaces: [link] }).replace('</filesystem>', limit);
  let isOver = false;
  const cleaning = (async () => {
    const cleaned: string[] = [];
    while (!isOver)
      cleaned.push(...(await world.client.check.clean()).map(({ kind, what }) => `${kind} ${what}`));
    return cleaned;
  })();
  for (let round = 0; round < 5; round++) {
    await define({ body: limited('busy') });
    await Promise.all([
      start({ domain: 'busy' }),
      world.client.templates.build({ template: 'beside', body: { distribution: 'busybox' } }),
    ]);
    await world.shell('busy', 'echo fine > /fine && test -e /sys/class/net/eth0');
    await destroy({ domain: 'busy' });
    await undefine({ domain: 'busy', storage: true });
    await world.client.templates.remove({ template: 'beside' });
  }
  isOver = true;
  assert.deepEqual(await cleaning, []);
});
