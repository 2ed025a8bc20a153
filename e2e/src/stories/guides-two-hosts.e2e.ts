// The guides that take two hosts, as a reader follows them who sits at one and sometimes at the other.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Reader } from '../world/guide.js';
import { neighbours } from '../world/neighbours.js';
import { noSshd } from '../world/ssh-server.js';
import { World } from '../world/world.js';

test('backup.md', async () => {
  const [near, far] = [await World.open(), await World.open()];
  const reader = await Reader.at(near);
  const hosts = [
    [near, reader],
    [far, await Reader.at(far, near.host)],
  ] as const;
  try {
    for (const [host, its] of hosts) {
      await its.write(
        `# /etc/ctvirt/ctvirtd.conf\nbackup_repositories = ["default /srv/backup /etc/ctvirt/backup.password"]\n`,
      );
      // As one copies it from host to host.
      writeFileSync(`${host.root}/etc/backup.password`, 'the same on both\n', { mode: 0o600 });
      await host.stop();
      await host.start();
    }
    const prints = {
      'cat web-etc/etc/site.conf': /^listen 80$/m,
      'restic --no-cache --repo /srv/backup-copy --password-file /etc/ctvirt/backup.password snapshots --compact':
        /^[0-9a-f]{8} .* ctvirt/m,
      'ctvirt root list': /^ web~2 /m,
      'ctvirt backup check': /web: .* all as they were/,
      'ctvirt backup status': /^ web +ok +\S+ +\d+ s +30 2 \* \* \* /m,
    };
    await reader.follow('backup.md', prints, hosts[1][1]);
    // Both were restored there, into ids of their own.
    const [first, second] = ['web', 'web-beside'].map((name) =>
      JSON.parse(readFileSync(`${far.root}/lib/roots/${name}/lease.json`, 'utf8')),
    );
    assert.notEqual(first.ids.start, second.ids.start);
  } finally {
    for (const world of [near, far]) {
      await world.eraseAll();
      await world.close();
    }
  }
});

test('moving.md', { skip: noSshd }, async () => {
  const [near, far] = [await World.open(), await World.open()];
  try {
    await using _network = await neighbours(near, far);
    const prints = {
      'ctvirt migrate web ctvirt+ssh://root@far.example.org/': /is at .* now, running: .* was down for/,
      'ctvirt root list': /^ web~1 /m,
    };
    await (await Reader.at(near)).follow('moving.md', prints, await Reader.at(far));
    // What it left here is what it has again.
    for (const world of [near, far]) assert.deepEqual(await world.client.roots.list(), []);
  } finally {
    for (const world of [near, far]) {
      await world.eraseAll();
      for (const { name: root } of await world.client.roots.list()) await world.client.roots.erase({ root });
      await world.close();
    }
  }
});
