// Whether this kernel confines programs by AppArmor, and whether profiles can be made for it.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';

/**
 * `off`: nothing to do. `generated`: liblxc makes each container a profile of its own. `unconfined`: profiles cannot be loaded
 * for want of Debian's package apparmor or, as where the daemon is in a container itself, of the kernel's files for it, and
 * liblxc would refuse every start; the user namespace remains.
 */
export type AppArmor = 'off' | 'generated' | 'unconfined';

export function detectAppArmor(root = '/'): AppArmor {
  let enabled: string;
  try {
    enabled = readFileSync(`${root}sys/module/apparmor/parameters/enabled`, 'utf8').trim();
  } catch {
    return 'off'; // not in this kernel
  }
  if (enabled !== 'Y') return 'off';
  const hasParser = ['sbin', 'usr/sbin'].some((folder) => existsSync(`${root}${folder}/apparmor_parser`));
  return hasParser && existsSync(`${root}sys/kernel/security/apparmor/.replace`) ? 'generated' : 'unconfined';
}
