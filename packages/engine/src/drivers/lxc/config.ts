// liblxc's configuration for one start, from the plan and the file systems opened for it.
// SPDX-License-Identifier: Apache-2.0
import { isIPv4 } from 'node:net';
import { mostGroups } from '../../cgroups/container-groups.js';
import { type Limit, lineOf } from '../../cgroups/limit.js';
import type { View } from '../../guest/lxcfs-server.js';
import type { Confinement } from '../../host/apparmor.js';
import type { IdMap } from '../../host/userns.js';
import type { RunPlan } from '../../lifecycle/plan.js';
import type { LentLink } from '../../network/lent-links.js';
import { addressBytes, addressText } from '../../network/link-addresses.js';
import { type LinkPlan, settledAddresses } from '../../network/link-plan.js';
import { routeWords } from '../../network/routes.js';
import { CONSOLE_LOG_BYTES } from '../../state/console-logs.js';
import type { WantedWalls } from '../../walls/wanted.js';
import { endedCommand } from './ended-links.js';
import { STOP_HOOK } from './ending.js';
import type { OpenedDevice } from './facets/devices.js';
import { networkCommand } from './start-network.js';

/** One line of the configuration; the writer of `@ctvirt/formats` escapes or refuses. */
export type ConfigRow = readonly [key: string, value: string];

/** A file system for `target` in the container, and the path where the start has it. */
export interface OpenedFilesystem {
  readonly target: string;
  readonly path: string;
  readonly readOnly: boolean;
  /** One file, which stands in the place of one. */
  readonly isFile?: boolean;
}

/** Where init begins: by its name in the container, and as the host has opened it. */
export interface WorkFolder {
  readonly inside: string;
  readonly path: string;
}

/** Input of `configRows`. */
export interface ConfigInput {
  readonly plan: RunPlan;
  /** In the order in which they are mounted. */
  readonly filesystems: readonly OpenedFilesystem[];
  readonly devices: readonly OpenedDevice[];
  readonly workFolder: WorkFolder | undefined;
  /** What covers files of the container's own /proc and /sys. */
  readonly views: readonly View[];
  readonly limits: readonly Limit[];
  readonly cgroupVersion: 1 | 2;
  readonly cgroupParent: string;
  /** Resource limits of init's, by name, in liblxc's words. */
  readonly rlimits: Readonly<Record<string, string>>;
  /** Undefined where it is the daemon's. */
  readonly oomScore: number | undefined;
  readonly appArmor: Pick<Confinement, 'state' | 'name'>;
  /** Where the policy of system calls lies; undefined where this kernel filters none. */
  readonly seccompPath: string | undefined;
  /** Where what is written to the console is kept; undefined where it cannot be. */
  readonly consoleLog: string | undefined;
  /** Where what a link has counted is written at its end: another file for each. */
  readonly endedPath: () => string;
  /** Where a start that moves links of the host in says which its network is. */
  readonly networkPath: string;
}

/** Returns the lines of a container's configuration, in order. */
export function configRows(input: ConfigInput): ConfigRow[] {
  const { plan } = input;
  return [
    ['lxc.uts.name', plan.hostname],
    ...optional('lxc.arch', plan.arch),
    ...idmapRows(plan.map),
    ...memoryRows(input),
    ...rootRows(input),
    ...input.devices.map(deviceRow),
    ...input.views.map(viewRow),
    ['lxc.mount.auto', `proc:${isSysctlsOwn(plan) ? 'rw' : 'mixed'} sys:mixed`],
    ['lxc.autodev', '1'],
    // Without a number liblxc makes no /dev/ptmx; the console takes one of them.
    ['lxc.pty.max', String((plan.resources.ptyMax ?? 1024) + 1)],
    ['lxc.tty.max', '0'],
    ['lxc.console.buffer.size', '65536'],
    ...consoleLogRows(input),
    ['lxc.cgroup.dir', input.cgroupParent],
    ...groupRows[input.cgroupVersion],
    ...input.limits.map(
      (limit): ConfigRow => [
        `lxc.cgroup${input.cgroupVersion === 2 ? '2' : ''}.${limit.file}`,
        lineOf(limit),
      ],
    ),
    ...Object.entries(input.rlimits).map(([name, limit]): ConfigRow => [`lxc.prlimit.${name}`, limit]),
    ...optional('lxc.proc.oom_score_adj', input.oomScore),
    ...sysctlsOf(plan),
    ...wallRows(input),
    ...Object.entries(plan.environment).map(
      ([name, value]): ConfigRow => ['lxc.environment', `${name}=${value}`],
    ),
    ...plan.datasets.map(datasetRow),
    ...workFolderRows(input.workFolder),
    ...optional('lxc.init.uid', plan.user),
    ...optional('lxc.init.gid', plan.group),
    ...networkRows(plan, input),
    ...madeLinks(plan).flatMap(settledRows),
    ...[...madeLinks(plan), ...plan.lent].flatMap(routeRows),
    // A reboot is ours to do: the mounts a second start needs are detached by then, and on_reboot may forbid it.
    ['lxc.hook.version', '1'],
    ['lxc.hook.post-stop', STOP_HOOK],
  ];
}

/** One that is full is put aside, and another one begun. */
function consoleLogRows({ consoleLog }: ConfigInput): ConfigRow[] {
  if (consoleLog === undefined) return [];
  return [
    ['lxc.console.logfile', consoleLog],
    ['lxc.console.size', String(CONSOLE_LOG_BYTES)],
    ['lxc.console.rotate', '1'],
  ];
}

function wallRows({ plan: { walls }, appArmor, seccompPath }: ConfigInput): ConfigRow[] {
  return [
    ...capabilityRows(walls),
    ...appArmorRows(appArmor, walls.appArmor),
    ...(walls.seccomp === 'off' || seccompPath === undefined
      ? []
      : ([
          ['lxc.seccomp.profile', seccompPath],
          // Or liblxc leaves it out, without a word, where the daemon has a filter around itself.
          ['lxc.seccomp.allow_nesting', '1'],
        ] as const)),
    ...(walls.noNewPrivileges ? ([['lxc.no_new_privs', '1']] as const) : []),
  ];
}

/** cgroup v1 knows no such limit. */
const groupRows: Readonly<Record<1 | 2, readonly ConfigRow[]>> = {
  1: [],
  2: Object.entries(mostGroups).map(([file, most]): ConfigRow => [`lxc.cgroup2.${file}`, String(most)]),
};

function appArmorRows(appArmor: ConfigInput['appArmor'], isWanted: boolean): ConfigRow[] {
  if (appArmor.state === 'off') return [];
  if (appArmor.state === 'unconfined' || !isWanted) return [['lxc.apparmor.profile', 'unconfined']];
  return [
    ['lxc.apparmor.profile', appArmor.name],
    ['lxc.apparmor.allow_incomplete', '1'],
  ];
}

/** The hook runs when liblxc has changed to the folder, and before init does anything. */
function workFolderRows(folder: WorkFolder | undefined): ConfigRow[] {
  if (folder === undefined) return [];
  const quoted = inQuotes(folder.path);
  return [
    ['lxc.init.cwd', folder.inside],
    ['lxc.hook.start-host', `/usr/bin/test "/proc/$LXC_PID/cwd" -ef ${quoted}`],
  ];
}

/** One word for the shell that liblxc runs hooks by. */
const inQuotes = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Before init does anything, its namespace has it; with the last process of that namespace it is the host's alone again. */
const datasetRow = (name: string): ConfigRow => [
  'lxc.hook.start-host',
  `/sbin/zfs zone "/proc/$LXC_PID/ns/user" ${inQuotes(name)} || exit ${NO_DATASET}`,
];

/** The status of a hook that could not hand over a dataset. */
export const NO_DATASET = 3;

/** Runs when the links are up and nothing of the container does. */
const ipInside = '/usr/bin/nsenter "--net=/proc/$LXC_PID/ns/net" -- /sbin/ip';

/** liblxc has no word for it. */
function settledRows(link: LinkPlan): ConfigRow[] {
  const { name } = link;
  const own = settledAddresses(link);
  if (own.length === 0) return [];
  const lines = own.flatMap(({ address, prefix }) => [
    `address del ${address}/${prefix} dev ${name}`,
    `address add ${address}/${prefix} dev ${name} nodad`,
  ]);
  const words = lines.map(inQuotes).join(' ');
  return [['lxc.hook.start-host', `/usr/bin/printf '%s\\n' ${words} | ${ipInside} -batch -`]];
}

/** liblxc knows default routes alone. */
function routeRows({ name, routes = [] }: Pick<LinkPlan, 'name' | 'routes'>): ConfigRow[] {
  return routes.map((route) => [
    'lxc.hook.start-host',
    `${ipInside} ${routeWords(route, name).map(inQuotes).join(' ')}`,
  ]);
}

function optional(key: string, value: string | number | undefined): ConfigRow[] {
  return value === undefined ? [] : [[key, String(value)]];
}

function idmapRows(map: IdMap): ConfigRow[] {
  const rows = (letter: 'u' | 'g', entries: IdMap['uid']): ConfigRow[] =>
    entries.map((e) => ['lxc.idmap', `${letter} ${e.inside} ${e.outside} ${e.count}`]);
  return [...rows('u', map.uid), ...rows('g', map.gid)];
}

function rootRows({ filesystems }: ConfigInput): ConfigRow[] {
  return filesystems.flatMap(({ target, path, readOnly, isFile }): readonly ConfigRow[] =>
    target === '/'
      ? [['lxc.rootfs.path', `dir:${path}`], ...(readOnly ? ([['lxc.rootfs.options', 'ro']] as const) : [])]
      : [
          [
            'lxc.mount.entry',
            `${fstab(path)} ${fstab(target.slice(1))} none bind,create=${isFile ? 'file' : 'dir'}${readOnly ? ',ro' : ''} 0 0`,
          ],
        ],
  );
}

/**
 * What glibc has shared memory and message queues in, where every system has it; its own init finds it there. Its pages count
 * against the container's memory, of which it takes half at most. It comes first: the document may mount something in it.
 */
function memoryRows({ filesystems, plan: { resources } }: ConfigInput): ConfigRow[] {
  const isFree = (target: string): boolean => filesystems.every((one) => one.target !== target);
  const { memoryMaxBytes: most } = resources;
  const size = most === undefined ? '50%' : String(Math.ceil(most / 2));
  const shared = `tmpfs dev/shm tmpfs nosuid,nodev,mode=1777,size=${size},create=dir 0 0`;
  const queues = 'mqueue dev/mqueue mqueue nosuid,nodev,noexec,optional,create=dir 0 0';
  return [
    ...(isFree('/dev/shm') ? ([['lxc.mount.entry', shared]] as const) : []),
    ...(isFree('/dev/mqueue') ? ([['lxc.mount.entry', queues]] as const) : []),
  ];
}

const deviceRow = ({ target, path }: OpenedDevice): ConfigRow => [
  'lxc.mount.entry',
  `${fstab(path)} ${fstab(target.slice(1))} none bind,create=file 0 0`,
];

/** What serves it may end any moment: the container starts all the same. */
const viewRow = ({ source, target }: View): ConfigRow => [
  'lxc.mount.entry',
  `${fstab(source)} ${target} none bind,optional 0 0`,
];

/** The four escapes that getmntent(3) undoes; any other would be taken for part of the name. */
function fstab(path: string): string {
  return path.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/**
 * The kernel lets a container's root write what is its namespaces' own in /proc/sys (shared memory, queues, limits of its users), and
 * nothing else, unless one of its ids is the host's root. A read-only /proc/sys, which each container can mount anew, hinders the former.
 */
function isSysctlsOwn(plan: RunPlan): boolean {
  const hasHostRoot = [...plan.map.uid, ...plan.map.gid].some(({ outside }) => outside === 0);
  return !hasHostRoot || sysctlsOf(plan).length > 0;
}

function sysctlsOf({ resources: r }: RunPlan): ConfigRow[] {
  return optional('lxc.sysctl.kernel.shmall', r.shmallPages);
}

function capabilityRows({ keepCapabilities: keep, dropCapabilities: drop }: WantedWalls): ConfigRow[] {
  if (keep !== undefined) return [['lxc.cap.keep', keep.length === 0 ? 'none' : keep.join(' ')]];
  return drop.length === 0 ? [] : [['lxc.cap.drop', drop.join(' ')]];
}

/** Those that are not there before. */
const madeLinks = ({ links }: Pick<RunPlan, 'links'>): LinkPlan[] =>
  links.filter(({ kind }) => kind !== 'card');

function networkRows(
  plan: RunPlan,
  { endedPath, networkPath }: Pick<ConfigInput, 'endedPath' | 'networkPath'>,
): ConfigRow[] {
  const { lent } = plan;
  const links = madeLinks(plan);
  // Up, it brings lo up, as any link that is up does.
  if (links.length + lent.length === 0)
    return [
      ['lxc.net.0.type', 'empty'],
      ['lxc.net.0.flags', 'up'],
    ];
  const own = links.flatMap((link, index): ConfigRow[] => {
    const { hostName } = link;
    const rows = linkRows(link, index);
    if (hostName === undefined) return rows;
    return [...rows, [`lxc.net.${index}.script.down`, endedCommand(endedPath(), hostName, inQuotes)]];
  });
  const told = lent.length === 0 ? [] : [tellRow(links.length, networkPath)];
  return [...own, ...lent.flatMap((link, index) => lentRows(link, links.length + index)), ...told];
}

/** Before the first of them is moved in: a start that fails then would end the network with what is in it. */
const tellRow = (index: number, path: string): ConfigRow => [
  `lxc.net.${index}.script.up`,
  networkCommand(path, inQuotes),
];

/** The monitor hands it back, by its name on the host, when the container ends. */
function lentRows(link: LentLink, index: number): ConfigRow[] {
  const key = (name: string): string => `lxc.net.${index}.${name}`;
  return [
    [key('type'), 'phys'],
    [key('link'), link.host],
    [key('name'), link.name],
    ...(link.up ? [[key('flags'), 'up'] satisfies ConfigRow] : []),
    ...addressRows(link, key),
  ];
}

function addressRows(
  { addresses, gateways }: Pick<LinkPlan, 'addresses' | 'gateways'>,
  key: (name: string) => string,
): ConfigRow[] {
  return [
    ...addresses.map(
      ({ address, prefix, family }): ConfigRow => [
        key(`ipv${family}.address`),
        `${address}/${prefix}${withBroadcast(address, prefix, family)}`,
      ],
    ),
    ...gateways.map(({ address, family }): ConfigRow => [key(`ipv${family}.gateway`), address]),
  ];
}

/** liblxc makes one of the host's part of the address alone. */
function withBroadcast(address: string, prefix: number, family: 4 | 6): string {
  if (family === 6 || prefix > 30 || !isIPv4(address)) return '';
  const broadcast = addressBytes(address);
  broadcast.writeInt32BE(broadcast.readInt32BE(0) | (2 ** (32 - prefix) - 1));
  return ` ${addressText(broadcast)}`;
}

function linkRows(link: LinkPlan, index: number): ConfigRow[] {
  const key = (name: string): string => `lxc.net.${index}.${name}`;
  const rows: ConfigRow[] = [[key('type'), link.kind === 'macvlan' ? 'macvlan' : 'veth']];
  if (link.macvlanMode !== undefined) rows.push([key('macvlan.mode'), link.macvlanMode]);
  // One with tags is plugged in when it has them.
  rows.push(
    ...optional(key('link'), link.tags === undefined ? link.parent : undefined),
    ...optional(key('veth.pair'), link.hostName),
    [key('name'), link.name],
  );
  rows.push([key('hwaddr'), link.mac], ...optional(key('mtu'), link.mtu));
  if (link.up) rows.push([key('flags'), 'up']);
  return [...rows, ...addressRows(link, key)];
}
