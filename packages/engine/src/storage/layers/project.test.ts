// A project of the host's quotas as what limits a layer, where the host has such: its folders are named in the environment.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { HostQuotas } from '../../host/quota.js';
import { conformance } from '../../testing/layer-conformance.js';

/** File systems with quotas of projects, as the machine of the stories has them. */
const parents = (process.env['CTVIRT_PROJECT_FOLDERS'] ?? '/srv/ext4:/srv/xfs').split(':');

function obstacle(parent: string): string | false {
  if (process.getuid?.() !== 0) return 'only root mounts';
  if (!existsSync(parent)) return `this host has no ${parent}`;
  using quotas = new HostQuotas(parent);
  return quotas.enforces('project') ? false : `${parent} enforces no quotas of projects`;
}

for (const parent of parents)
  conformance({
    name: 'project',
    ground: { parent, projectIds: { start: 70_000, count: 100 } },
    skip: obstacle(parent),
    isLimited: true,
  });
