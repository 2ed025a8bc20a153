// A domain's layer as earlier versions made it: its files have ids of the host on disk, and its lease does not say whose they are.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from './command.js';
import type { World } from './world.js';

interface Lease {
  readonly ids: { readonly start: number } | null;
  readonly made: readonly { readonly ids?: string }[];
}

/** Of one that was never started: nothing of the container's is in there. */
export async function asEarlier({ root }: Pick<World, 'root'>, domain: string): Promise<void> {
  const folder = `${root}/lib/roots/${domain}`;
  const path = join(folder, 'lease.json');
  const lease: Lease = JSON.parse(readFileSync(path, 'utf8'));
  const first = lease.ids?.start ?? assert.fail(`${domain} has no ids of its own`);
  const image = join(folder, 'root.img');
  if (existsSync(image)) {
    const owners = [
      ['/upper', first],
      ['/work', 0],
    ] as const;
    for (const [of, id] of owners)
      for (const field of ['uid', 'gid'])
        await output(['/usr/sbin/debugfs', '-w', '-R', `set_inode_field ${of} ${field} ${id}`, image]);
  } else {
    chownSync(join(folder, 'root.layer/upper'), first, first);
    chownSync(join(folder, 'root.layer/work'), 0, 0);
  }
  const made = lease.made.map(({ ids: _ids, ...rest }) => rest);
  writeFileSync(path, JSON.stringify({ ...lease, made }));
}
