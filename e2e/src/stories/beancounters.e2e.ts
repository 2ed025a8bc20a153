// Beancounters: what a container really holds and is refused is counted, told, and survives the daemon.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { DomainEvent } from '@ctvirt/api';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const MiB = 2 ** 20;
const rowsOf = async (domain: string) => {
  const { rows } = await world.client.beancounters.show({ domain });
  return new Map(rows.map((row) => [row.resource, row]));
};
const rowOf = async (domain: string, resource: string) =>
  (await rowsOf(domain)).get(resource) ?? assert.fail(`no ${resource}`);

const limited = (name: string, type = 'openvz') =>
  domainXml({
    name,
    type,
    more: `<memory unit='MiB'>48</memory>
  <memtune><hard_limit unit='MiB'>48</hard_limit><swap_hard_limit unit='MiB'>48</swap_hard_limit></memtune>
  <metadata><ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'>
    <ctvirt:parameter name='numproc' barrier='16' limit='16'/>
    <ctvirt:parameter name='kmemsize' barrier='14372700' limit='14790164'/>
  </ctvirt:beancounters></metadata>`,
  });
/** The shell gives up at the first process it is refused. */
const crowd = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 300 & done';
const overrun = (domain: string) => world.exec(domain, '/bin/sh', '-c', crowd);
const calm = (domain: string) => world.shell(domain, 'killall -9 nc');

/** What is told from now on. */
function listen(): { events: DomainEvent[]; end: () => Promise<void> } {
  const events: DomainEvent[] = [];
  const stop = new AbortController();
  const reading = (async () => {
    for await (const event of await world.client.events.watch({}, { signal: stop.signal }))
      if (event.event !== 'gap') events.push(event);
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    events,
    end: async () => {
      stop.abort();
      await reading;
    },
  };
}

test('processes beyond the limit are counted, told at once, and remembered by the next daemon', async () => {
  await world.run(limited('501'));
  assert.equal((await rowOf('501', 'numproc')).failcnt, 0);
  const heard = listen();
  assert.notEqual((await overrun('501')).status, 0);
  await waitFor('a refusal to be told', async () => heard.events.length > 0);
  const [event] = heard.events;
  assert.equal(event?.event, 'beancounter');
  assert.equal(event?.domain.name, '501');
  assert.equal(event?.beancounter?.resource, 'numproc');
  assert.equal(event?.beancounter?.rise, event?.beancounter?.failcnt);
  // However often it fails from now on, it is told once in ten seconds.
  for (let tries = 0; tries < 3; tries++) await overrun('501');
  const before = await rowOf('501', 'numproc');
  assert.ok((before.failcnt ?? 0) > (event?.beancounter?.failcnt ?? 0));
  assert.ok((before.held ?? 0) >= 12);
  assert.equal(before.maxheld, 16);
  assert.deepEqual([before.barrier, before.limit, before.sampled], [16, 16, false]);
  assert.equal(heard.events.length, 1);
  await heard.end();

  await world.kill();
  await world.start();
  const after = await rowOf('501', 'numproc');
  assert.equal(after.failcnt, before.failcnt);
  assert.equal(after.maxheld, before.maxheld);
  assert.match(world.log, /domain '501': failcnt of numproc rose by/);
});

test('a shortage of memory is a fail of physpages and of oomguarpages', async () => {
  await world.run(limited('502', 'lxc'));
  const heard = listen();
  const { status } = await world.exec('502', '/bin/sh', '-c', 'tail /dev/zero');
  assert.equal(status, 137, 'more than the limit was had');
  await waitFor('a refusal to be told', async () => heard.events.length >= 2);
  await heard.end();
  assert.deepEqual(heard.events.map(({ detail }) => detail).sort(), ['oomguarpages', 'physpages']);
  const rows = await rowsOf('502');
  const physpages = rows.get('physpages');
  assert.ok((physpages?.failcnt ?? 0) >= 1);
  assert.ok((rows.get('oomguarpages')?.failcnt ?? 0) >= 1);
  assert.ok((physpages?.maxheld ?? 0) > (40 * MiB) / 4096, `maxheld ${physpages?.maxheld}`);
  assert.ok((physpages?.maxheld ?? 0) <= (physpages?.limit ?? 0));
  assert.ok((physpages?.held ?? 0) < (physpages?.maxheld ?? 0));
  assert.equal(rows.get('privvmpages')?.failcnt, null, 'it limits nothing here');
});

test('what only samples know survives kill -9, and begins anew with the next start', async () => {
  await world.run(limited('503'));
  await world.shell(
    '503',
    'ip link set lo up; for p in 1 2 3 4 5; do nc -l -p 300$p </dev/null >/dev/null & done',
  );
  await waitFor('five sockets', async () => (await rowOf('503', 'numtcpsock')).held === 5);
  assert.ok(((await rowOf('503', 'numfile')).held ?? 0) > 8);
  // Among all that run it has its turn, which is dated.
  await world.shell('503', 'nc -l -p 4000 </dev/null >/dev/null & sleep 0.1');
  await waitFor('its turn', async () => {
    const [report] = await world.client.beancounters.list();
    const held = report?.rows.find(({ resource }) => resource === 'numtcpsock')?.held;
    return held === 6 && (report?.countedAt ?? '') > (report?.startedAt ?? '');
  });
  await calm('503');
  await waitFor('no socket', async () => (await rowOf('503', 'numtcpsock')).held === 0);
  await world.kill();
  await world.start();
  const kept = await rowsOf('503');
  assert.deepEqual([kept.get('numtcpsock')?.maxheld, kept.get('numtcpsock')?.sampled], [6, true]);

  await world.client.domains.destroy({ domain: '503' });
  const off = await world.client.beancounters.show({ domain: '503' });
  assert.equal(off.startedAt, null);
  assert.ok(
    off.rows.every(({ held, maxheld, failcnt }) => held === null && maxheld === null && failcnt === null),
  );
  assert.equal(off.rows.find(({ resource }) => resource === 'kmemsize')?.limit, 14790164);
  await world.client.domains.start({ domain: '503' });
  assert.equal((await rowOf('503', 'numtcpsock')).maxheld, 0);
});

test("scripts of OpenVZ's users read the command line's /proc/user_beancounters", async () => {
  await world.run(limited('504'));
  await world.run(limited('505'));
  await overrun('505');
  const { stdout, status } = await world.cli(['beancounters', '--proc']);
  assert.equal(status, 0);
  // As the usual awk one-liner does: a line with a colon begins a container, failcnt is the last word.
  let ctid = '';
  const fails: Record<string, number> = {};
  for (const line of stdout.trimEnd().split('\n').slice(2)) {
    const words = line.trim().split(/\s+/);
    if (words[0]?.endsWith(':')) ctid = words.shift()?.slice(0, -1) ?? '';
    const [name = '', ...numbers] = words;
    assert.equal(numbers.length, 5, line);
    fails[`${ctid} ${name}`] = Number(numbers[4]);
  }
  assert.equal(fails['504 numproc'], 0);
  assert.ok((fails['505 numproc'] ?? 0) > 0);
  assert.equal(fails['505 swappages'], 0);
  assert.match(stdout, /^ {6}504: {2}kmemsize +\d+ +\d+ +14372700 +14790164 +0$/m);

  const one = await world.cli(['ubc', '505', '--failed']);
  assert.match(one.stdout, /^ numproc +count +\d+ +\d+ +16 +16 +[1-9]\d* *$/m);
  assert.doesNotMatch(one.stdout, /kmemsize/);
  await world.client.domains.destroy({ domain: '504' });
  const off = await world.cli(['beancounters', '504', '--proc']);
  assert.notEqual(off.status, 0);
  assert.match(off.stderr, /504.*not running/);
});
