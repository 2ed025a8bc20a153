// Everything a daemon under a given root can have on the host, counted from the host's side and not from the daemon's.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Enclosure } from './enclosure.js';

export interface Inventory {
  readonly mounts: readonly string[];
  readonly loops: readonly string[];
  readonly links: readonly string[];
  readonly cgroups: readonly string[];
  readonly processes: readonly string[];
  /** Tables of nftables. */
  readonly tables: readonly string[];
  /** Of AppArmor, where the host has it. */
  readonly profiles: readonly string[];
}

export async function inventory(root: string, enclosure: Enclosure): Promise<Inventory> {
  return {
    mounts: mountsOf(root, enclosure),
    loops: loopsOf(root),
    links: await enclosure.links(),
    cgroups: cgroupsOf(root),
    processes: processesOf(root, enclosure),
    tables: (await enclosure.output('nft', 'list', 'tables')).split('\n').filter((line) => line !== ''),
    profiles: profilesOf(root),
  };
}

/** Also those on the host itself, where none of ours may ever be. */
function mountsOf(root: string, enclosure: Enclosure): string[] {
  return ['/proc/self/mountinfo', enclosure.mountInfo]
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .filter((line) => line.includes(`${root}/`))
    .map((line) => line.split(' ')[4] ?? line);
}

/** LOOP_GET_STATUS64 of every loop device: its name for its file, which /sys does not tell of ours. Also those whose file is deleted. */
const loopNames = `for (glob '/dev/loop[0-9]*') { my $info = "\\0" x 232; open my $device, '<', $_ or next;
  ioctl $device, 0x4c05, $info and print "$_ ", unpack('x56 Z64', $info), "\\n" }`;

function loopsOf(root: string): string[] {
  const told = execFileSync('/usr/bin/perl', ['-e', loopNames], { encoding: 'utf8' }).split('\n');
  return told.filter((line) => line.split(' ')[1]?.startsWith(`${root}/`));
}

export function cgroupName(root: string): string {
  return `ctvirt-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
}

export function cgroupsOf(root: string): string[] {
  const top = '/sys/fs/cgroup';
  const name = cgroupName(root);
  const hierarchies = readdirSync(top, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [top, ...hierarchies.map((entry) => join(top, entry.name))]
    .map((folder) => join(folder, name))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [folder, ...foldersBelow(folder)]);
}

function foldersBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [join(folder, entry.name), ...foldersBelow(join(folder, entry.name))]);
}

export const profileName = (root: string): string => `lxc-${cgroupName(root)}`;

/** liblxc's own names hold the folder of its containers. */
function profilesOf(root: string): string[] {
  return readOr('/sys/kernel/security/apparmor/profiles')
    .split('\n')
    .filter((line) => line.startsWith(`${profileName(root)} `) || line.includes(`${root}/`));
}

/** Processes in the network, in our control groups, or with the root in their command line. */
export function processesOf(root: string, enclosure: Enclosure): string[] {
  const group = `/${cgroupName(root)}/`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter(
      (pid) =>
        enclosure.holds(pid) ||
        readOr(`/proc/${pid}/cgroup`).includes(group) ||
        readOr(`/proc/${pid}/cmdline`).includes(`${root}/`),
    )
    .filter((pid) => !isLeftToInit(pid))
    .map((pid) => `${pid} ${readOr(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()}`);
}

/** What a killed daemon had started belongs to the host's init when it ends: when that looks at it is its own affair. */
function isLeftToInit(pid: string): boolean {
  return /\) Z 1 /.test(readOr(`/proc/${pid}/stat`));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone meanwhile, or not there at all
  }
}
