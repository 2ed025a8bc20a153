// Privileges of a Solaris zone and the Linux capabilities nearest to them.
// SPDX-License-Identifier: Apache-2.0
import type { CapabilityName } from '@ctvirt/xml';

/** By privilege; what is not here has no capability. */
export const privilegeCapabilities: Readonly<Record<string, readonly CapabilityName[]>> = {
  sys_time: ['sys_time'],
  proc_lock_memory: ['ipc_lock'],
  proc_priocntl: ['sys_nice'],
  proc_clock_highres: ['sys_nice'],
  net_rawaccess: ['net_raw'],
  net_icmpaccess: ['net_raw'],
  sys_ip_config: ['net_admin'],
  sys_net_config: ['net_admin'],
  net_admin: ['net_admin'],
  net_privaddr: ['net_bind_service'],
  sys_mount: ['sys_admin'],
  file_chown: ['chown'],
  file_chown_self: ['chown'],
  file_dac_read: ['dac_read_search'],
  file_dac_search: ['dac_read_search'],
  file_dac_write: ['dac_override'],
  file_owner: ['fowner'],
  file_setid: ['fsetid'],
  proc_setid: ['setuid', 'setgid'],
  proc_chroot: ['sys_chroot'],
  proc_owner: ['sys_ptrace', 'kill'],
  proc_audit: ['audit_write'],
  sys_audit: ['audit_control'],
  sys_resource: ['sys_resource'],
};
