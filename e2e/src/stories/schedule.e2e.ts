// Snapshots by a schedule: of a domain that runs and of one that is off, made up for after the daemon was away, and gone when they expire.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { domainXml, templateRoot } from '../world/documents.js';
import { virsh } from '../world/doors.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const ctvirt = (...words: string[]): Promise<string> => world.ctvirt(...words);

const snapshotsOf = (domain: string) => world.client.snapshots.list({ domain });

/** The daemon is away, and it is an hour later than it was. */
async function anHourAway(): Promise<void> {
  await world.stop();
  const path = world.enclosure.path(`${world.root}/lib/schedule.json`);
  const { last, ...rest } = JSON.parse(readFileSync(path, 'utf8'));
  for (const one of Object.values<{ at: string }>(last))
    one.at = new Date(Date.parse(one.at) - 61 * 60_000).toISOString();
  writeFileSync(path, JSON.stringify({ ...rest, last }));
  await world.start();
}

test('a schedule makes snapshots, once for what was missed, and they go when their time is over', async () => {
  await world.run(domainXml({ name: 'runs', filesystems: [templateRoot] }));
  for (const name of ['off', 'left', 'none'])
    await world.define(domainXml({ name, filesystems: [templateRoot] }));
  const said = await ctvirt('set', 'runs', 'off', '--snapshots', '@hourly', '--snapshot-expiry', '7d');
  assert.match(said, /Domain 'runs': snapshots @hourly, kept 7d\n/);
  await ctvirt('set', 'left', '--snapshots', '@hourly', '--snapshot-stopped', 'no');
  for (const words of [[], ['--inactive']])
    assert.match(await ctvirt('dumpxml', 'runs', ...words), /snapshots="@hourly" snapshot-expiry="7d"/);
  const refused = await world.cli(['set', 'none', '--snapshots', 'daily']);
  assert.match(refused.stderr, /'daily' is no schedule/);

  // The next daemon knows when it was first there: at its look.
  await world.stop();
  await world.start();
  const path = world.enclosure.path(`${world.root}/lib/schedule.json`);
  await waitFor(
    'the schedule on the disk',
    async () => readFileSync(path, 'utf8').split('@hourly').length === 4,
  );
  const before = (await snapshotsOf('runs')).length;
  await anHourAway();
  // One domain after the other, in no order.
  for (const domain of ['off', 'runs'])
    await waitFor(
      `the one of '${domain}' that was missed`,
      async () => (await snapshotsOf(domain)).length > before,
    );
  const [snapshot] = (await snapshotsOf('runs')).slice(-1);
  assert.ok(snapshot);
  assert.match(snapshot.name, /^auto-\d{8}-\d{4}$/);
  assert.equal(snapshot.by, 'schedule');
  assert.equal(snapshot.state, 'running');
  const days = (Date.parse(snapshot.expiresAt ?? '') - Date.parse(snapshot.createdAt)) / 86_400_000;
  assert.ok(Math.abs(days - 7) < 0.01, String(days));
  assert.deepEqual(await snapshotsOf('left'), []);
  assert.match(await ctvirt('job', 'list', '--all'), /runs +snapshot +done/);

  // Once, and not again.
  const made = (await snapshotsOf('runs')).length;
  await world.stop();
  await world.start();
  await sleep(1000);
  assert.equal((await snapshotsOf('runs')).length, made);

  const over = new Date();
  // Time enough to be asked for before it is over.
  over.setSeconds(over.getSeconds() + 10);
  const goneAt = performance.now() + 10_500;
  await world.client.snapshots.create({
    domain: 'off',
    body: { name: 'short', expiresAt: over.toISOString() },
  });
  await sleep(goneAt - performance.now());
  await world.stop();
  await world.start();
  await waitFor('the end of what has expired', async () =>
    (await snapshotsOf('off')).every(({ name }) => name !== 'short'),
  );
});

test('clients of libvirt see a schedule as metadata, and may write it', async () => {
  await world.define(domainXml({ name: 'by-virsh', filesystems: [templateRoot] }));
  const uri = 'urn:ctvirt:schedule:1';
  const set = ['--key', 's', '--set', "<schedule snapshots='@weekly'/>", '--config'];
  await virsh(world, 'metadata', 'by-virsh', uri, ...set);
  assert.match(await virsh(world, 'metadata', 'by-virsh', uri, '--config'), /snapshots='@weekly'/);
  await ctvirt('set', 'by-virsh', '--snapshot-expiry', '4w');
  assert.match(await virsh(world, 'metadata', 'by-virsh', uri, '--config'), /"@weekly" snapshot-expiry="4w"/);
  await ctvirt('set', 'by-virsh', '--snapshots', 'never');
  assert.doesNotMatch(await ctvirt('dumpxml', 'by-virsh'), /schedule/);
});
