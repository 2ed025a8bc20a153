// Thirty nights of snapshots and backups by a clock of the test's own: which are left, and that each is what the domain was then.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { described } from '../world/described.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { lightenKey } from '../world/light-key.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

const NIGHTS = 30;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** A Monday's noon. */
const start = Date.parse('2027-02-15T12:00:00Z');

const folder = mkdtempSync(`${tmpdir()}/nights-`);
const clock = `${folder}/ahead`;

let world: World;
before(async () => {
  leapTo(start);
  const preload = fileURLToPath(new URL('../world/fake-clock.js', import.meta.url));
  const env = { NODE_OPTIONS: `--import=${preload}`, CTVIRT_TEST_CLOCK: clock, TZ: 'UTC' };
  world = await World.open({ env });
  writeFileSync(
    `${world.root}/etc/ctvirtd.conf`,
    `backup_repositories = ["default ${world.host}/default ${world.host}/password"]\n`,
  );
  await world.stop();
  await world.start();
  await world.ctvirt('backup', 'init');
  lightenKey(`${world.host}/default`, `${world.host}/password`);
});
after(async () => {
  await world.clear();
  await world.close();
  rmSync(folder, { recursive: true });
});

function leapTo(time: number): void {
  const now = new Date();
  writeFileSync(clock, String(time - now.valueOf()));
}

/** Until then a minute passes at each look. */
async function passUntil(what: string, time: number, isSo: () => Promise<boolean>): Promise<void> {
  let now = time;
  await waitFor(
    what,
    async () => {
      leapTo(now);
      now += MINUTE_MS;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return await isSo();
    },
    // The daemon looks once a minute, by whatever clock: one that is missed on a busy host comes with the next.
    240_000,
  );
}

const look = <T>(see: (root: string) => T): Promise<T> => world.look('web', see);

/** Some files come, some change, some go, as in any container. */
function work(root: string, night: number): void {
  const site = `${root}/srv/site`;
  mkdirSync(site, { recursive: true });
  writeFileSync(`${site}/page`, `as of night ${night}`);
  writeFileSync(`${site}/of-${night}`, 'x'.repeat(night * 1000), { mode: 0o640 });
  rmSync(`${site}/of-${night - 3}`, { force: true });
  writeFileSync(`${root}/etc/motd`, `${night}\n`);
}

const dayOf = (time: string): string => time.slice(5, 10);

test('thirty nights leave the snapshots and backups that they should, and each comes back file by file', async () => {
  const { client } = world;
  await world.define(domainXml({ name: 'web', filesystems: [templateRoot] }));
  await world.ctvirt('set', 'web', '--snapshots', '@daily', '--snapshot-expiry', '60h');
  const keep = ['--keep-daily', '5', '--keep-weekly', '4', '--keep-monthly', '2'];
  await world.ctvirt('backup', 'web', '--schedule', '30 2 * * *', ...keep);
  const nextAt = async () => (await client.backups.status({ domain: 'web' }))[0]?.nextAt ?? '';
  await passUntil(
    'the first look',
    start + MINUTE_MS,
    async () => (await nextAt()) === '2027-02-16T02:30:00.000Z',
  );
  const were = new Map<string, string[]>();
  for (let night = 1; night <= NIGHTS; night++) {
    const then = await look((root) => {
      work(root, night);
      return described(root);
    });
    const at = start + night * DAY_MS - 9.5 * 3_600_000;
    const day = dayOf(new Date(at).toISOString());
    were.set(day, then);
    await passUntil(`night ${night}`, at, async () => {
      const [status] = await client.backups.status({ domain: 'web' });
      const snapshots = await client.snapshots.list({ domain: 'web' });
      assert.equal(status?.failure, null);
      return (
        dayOf(status?.last?.takenAt ?? '') === day &&
        snapshots.some(({ createdAt }) => dayOf(createdAt) === day)
      );
    });
  }
  const left = ['02-28', '03-07', '03-13', '03-14', '03-15', '03-16', '03-17'];
  const backups = async () =>
    (await client.backups.list({ domain: 'web' })).map(({ takenAt }) => dayOf(takenAt));
  await waitFor('the last to go', async () => (await backups()).length === left.length);
  assert.deepEqual(await backups(), left);
  const snapshots = await client.snapshots.list({ domain: 'web' });
  assert.deepEqual(
    snapshots.map(({ createdAt }) => dayOf(createdAt)),
    ['03-15', '03-16', '03-17'],
  );

  for (const { id, takenAt } of await client.backups.list({ domain: 'web' })) {
    const to = `${world.host}/${id}`;
    await client.backups.restore({ body: { domain: 'web', at: id, to } });
    assert.deepEqual(described(to), were.get(dayOf(takenAt)), takenAt);
    rmSync(to, { recursive: true });
  }
  for (const { name, createdAt } of snapshots) {
    await client.snapshots.revert({ domain: 'web', snapshot: name, body: {} });
    assert.deepEqual(await look(described), were.get(dayOf(createdAt)), name);
  }
  assert.match(await world.ctvirt('backup', 'check', '--whole'), /all as they were/);
});
