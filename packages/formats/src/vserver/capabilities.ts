// The capabilities a Linux-VServer guest does not have unless it is given them.
// SPDX-License-Identifier: Apache-2.0
import type { CapabilityName } from '@ctvirt/xml';

/** util-vserver takes these away; all others a guest has. */
export const insecureCapabilities: readonly CapabilityName[] = [
  'linux_immutable',
  'net_broadcast',
  'net_admin',
  'net_raw',
  'ipc_lock',
  'ipc_owner',
  'sys_module',
  'sys_rawio',
  'sys_pacct',
  'sys_admin',
  'sys_nice',
  'sys_resource',
  'sys_time',
  'mknod',
];
