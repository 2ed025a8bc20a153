// What stands between a domain and its host: of a running one as the kernel tells it, of one that is off as its next start will.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readlinkSync } from 'node:fs';
import type { Confinement } from '../host/apparmor.js';
import type { Facts } from '../host/facts.js';
import { type IdMap, idsIn } from '../host/userns.js';
import type { WantedWalls } from './wanted.js';

/** State of each wall around a domain. */
export interface Standing {
  readonly ids: IdMap['uid'];
  /** By libvirt's names. */
  readonly capabilities: ReadonlySet<string>;
  readonly isFiltered: boolean;
  /** AppArmor's label; null where the kernel has none. */
  readonly label: string | null;
  readonly noNewPrivileges: boolean;
  readonly ownNetwork: boolean;
}

/** In the kernel's order, by which it numbers them. */
export const capabilitiesByNumber = [
  ...['chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...[
    'linux_immutable',
    'net_bind_service',
    'net_broadcast',
    'net_admin',
    'net_raw',
    'ipc_lock',
    'ipc_owner',
  ],
  ...[
    'sys_module',
    'sys_rawio',
    'sys_chroot',
    'sys_ptrace',
    'sys_pacct',
    'sys_admin',
    'sys_boot',
    'sys_nice',
  ],
  ...[
    'sys_resource',
    'sys_time',
    'sys_tty_config',
    'mknod',
    'lease',
    'audit_write',
    'audit_control',
    'setfcap',
  ],
  ...['mac_override', 'mac_admin', 'syslog', 'wake_alarm', 'block_suspend', 'audit_read', 'perfmon', 'bpf'],
  ...['checkpoint_restore'],
] as const;

/** Undefined if it has ended meanwhile. */
export function standingOf(initPid: number): Standing | undefined {
  const proc = `/proc/${initPid}`;
  try {
    const field = fieldsOf(proc);
    // liblxc's monitor has those that all have that the daemon starts.
    const ofAll = fieldsOf(`/proc/${field('PPid')}`)('Seccomp_filters');
    const bounding = BigInt(`0x${field('CapBnd')}`);
    return {
      ids: idsIn(readFileSync(`${proc}/uid_map`, 'utf8')),
      capabilities: new Set(
        capabilitiesByNumber.filter((_, number) => (bounding & (1n << BigInt(number))) !== 0n),
      ),
      isFiltered: Number(field('Seccomp_filters')) > Number(ofAll),
      label: labelOf(proc),
      noNewPrivileges: field('NoNewPrivs') === '1',
      ownNetwork: readlinkSync(`${proc}/ns/net`) !== readlinkSync('/proc/self/ns/net'),
    };
  } catch {
    return undefined;
  }
}

function fieldsOf(proc: string): (name: string) => string {
  const status = readFileSync(`${proc}/status`, 'utf8');
  return (name) => new RegExp(`^${name}:\\s*(\\w+)$`, 'm').exec(status)?.[1] ?? '0';
}

/** Returns the walls that the next start of a domain will put up. */
export function standingOfPlan(
  { walls, map }: { readonly walls: WantedWalls; readonly map: IdMap },
  appArmor: Pick<Confinement, 'state' | 'name'>,
  { hasSeccomp }: Pick<Facts, 'hasSeccomp'>,
): Standing {
  const { keepCapabilities, dropCapabilities, seccomp, noNewPrivileges } = walls;
  const isConfined = appArmor.state === 'confined' && walls.appArmor;
  return {
    ids: map.uid,
    capabilities: new Set(
      keepCapabilities ?? capabilitiesByNumber.filter((name) => !dropCapabilities.includes(name)),
    ),
    isFiltered: hasSeccomp && seccomp !== 'off',
    label: appArmor.state === 'off' ? null : isConfined ? `${appArmor.name} (enforce)` : UNCONFINED,
    noNewPrivileges,
    ownNetwork: true,
  };
}

/** AppArmor's label for programs without a profile. */
export const UNCONFINED = 'unconfined';

function labelOf(proc: string): string | null {
  try {
    return readFileSync(`${proc}/attr/apparmor/current`, 'utf8').trim();
  } catch {
    return null; // no AppArmor, for which the kernel has other answers too
  }
}
