// ZFS in the machine: its module and tools, from where the disk of the stories has what `node scripts/vm/zfs.mjs` made.
// SPDX-License-Identifier: Apache-2.0
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { output } from '../world/command.js';

const built = '/opt/ctvirt/zfs';
const libraries = '/usr/lib/x86_64-linux-gnu';

/** Why there is none; false where it can be had. */
export const noZfsBuilt = existsSync(built)
  ? false
  : 'ZFS is not built for this kernel: node scripts/vm/zfs.mjs';

/** Once for all stories. */
export async function loadZfs(): Promise<void> {
  if (existsSync('/dev/zfs')) return;
  for (const name of ['spl', 'zfs']) await output(['insmod', `${built}/modules/${name}.ko`]);
  cpSync(`${built}/sbin`, '/usr/sbin', { recursive: true });
  for (const name of readdirSync(`${built}/lib`))
    if (!existsSync(`${libraries}/${name}`)) cpSync(`${built}/lib/${name}`, `${libraries}/${name}`);
}
