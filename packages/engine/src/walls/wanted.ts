// Which walls a document wants around its domain: all there are, less what it loosens by name.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import type { SeccompPolicy } from '../host/seccomp.js';

/** The walls a document asks for. */
export interface WantedWalls {
  readonly dropCapabilities: readonly string[];
  /** When set, the only ones kept; `dropCapabilities` is then empty. */
  readonly keepCapabilities: readonly string[] | undefined;
  readonly seccomp: SeccompPolicy;
  /** Whether AppArmor confines it, where the kernel has that. */
  readonly appArmor: boolean;
  readonly noNewPrivileges: boolean;
}

/** Returns the walls a document asks for: all, unless it loosens some by name. */
export function wantedWalls(domain: Domain): WantedWalls {
  const { seccomp, apparmor, noNewPrivileges } = domain.features ?? {};
  return {
    ...capabilitiesOf(domain),
    // A capability loosens none of these: what it allows on a host is not what it allows in a user namespace.
    seccomp:
      seccomp?.policy === 'off' ? 'off' : { allowed: (seccomp?.allows ?? []).map(({ name }) => name).sort() },
    appArmor: apparmor?.policy !== 'off',
    noNewPrivileges: noNewPrivileges ?? startsWithoutRoot(domain),
  };
}

/** A program that begins without root is no system with users of its own, who would need sudo. */
const startsWithoutRoot = ({ os }: Domain): boolean =>
  os.inituser !== undefined && !/^\+?0+$/.test(os.inituser);

/**
 * What libvirt's LXC driver takes away by default; a user namespace makes each of them harmless, but scripts expect it.
 * sys_rawio besides: systemd reads its absence as word that debugfs is not a container's to mount, and boots without a failure.
 */
export const defaultDrops: readonly string[] = [
  'sys_module',
  'sys_time',
  'mknod',
  'audit_control',
  'mac_admin',
  'sys_rawio',
];

function capabilitiesOf(domain: Domain): Pick<WantedWalls, 'dropCapabilities' | 'keepCapabilities'> {
  const capabilities = domain.features?.capabilities;
  const named = Object.entries(capabilities ?? {});
  const on = named.filter(([, state]) => state === 'on').map(([name]) => name);
  const off = named.filter(([, state]) => state === 'off').map(([name]) => name);
  if (capabilities?.policy === 'deny') return { dropCapabilities: [], keepCapabilities: on };
  const base = capabilities?.policy === 'allow' ? [] : defaultDrops;
  return {
    dropCapabilities: [...new Set([...base, ...off])].filter((name) => !on.includes(name)),
    keepCapabilities: undefined,
  };
}
