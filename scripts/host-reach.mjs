// Checks who reaches for the host: which folders of the engine call its kernel, read /proc and /sys, or ask Node what it is.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const packages = new URL('../packages/', import.meta.url).pathname;

/** What the modules of engine/src/host do, and which folders of the engine may have that done. Types are everyone's. */
const kinds = {
  'files, words and facts': {
    modules: [
      'address-bytes',
      'all-ended',
      'complaint',
      'facts',
      'files',
      'gone',
      'held-asset',
      'new-file',
      'paths',
      'refusal',
      'trusted',
      'uncounted',
      'undo',
      'user-name',
      'vanished',
      'volumes',
    ],
    folders: [''],
  },
  mounts: {
    modules: ['mount-calls', 'mountinfo', 'private-mounts', 'trail'],
    folders: ['storage', 'drivers/lxc', 'guest'],
  },
  'disks and quotas': {
    modules: ['btrfs', 'disks', 'loop', 'lvm', 'projects', 'quota', 'zfs', 'zfs-moments'],
    folders: ['storage'],
  },
  links: {
    modules: [
      ...['addresses', 'conntrack', 'host-links', 'link-addresses', 'link-counts', 'link-orders', 'links'],
      ...[
        'listeners',
        'netlink',
        'netlink-asking',
        'netlink-route',
        'netlink-watch',
        'nfnetlink',
        'other-network',
        'packets',
        'pci-links',
        'routes',
        'shaping',
        'subnets',
        'upper-links',
      ],
    ],
    folders: ['network', 'networks/linux', 'drivers/lxc'],
  },
  processes: {
    modules: [
      ...['birth', 'descriptors', 'inner-pid', 'monitor-limits', 'own-filter', 'pidfd', 'piped', 'processes'],
      ...['pty', 'rlimits', 'spawn', 'written'],
    ],
    folders: ['attach', 'cgroups', 'drivers/lxc', 'guest', 'hooks', 'networks/linux', 'templates'],
  },
  'who is held for a moment': { modules: ['guard'], folders: ['cgroups', 'storage'] },
  'limits of its own': { modules: ['own-limits'], folders: ['drivers/lxc', 'storage'] },
  programs: {
    modules: ['run'],
    folders: ['drivers/lxc', 'hooks', 'network', 'networks/linux', 'storage', 'templates'],
  },
  walls: {
    modules: ['apparmor', 'apparmor-profile', 'seccomp'],
    folders: ['attach', 'drivers/lxc', 'walls'],
  },
  'user namespaces': { modules: ['userns'], folders: ['drivers/lxc', 'storage'] },
  counters: { modules: ['gauges'], folders: ['drivers/lxc'] },
  'system calls': {
    modules: ['syscalls'],
    folders: ['archives', 'attach', 'drivers/lxc', 'guest', 'storage'],
  },
};

/** Folders that read and write /proc and /sys. */
const kernelFiles = [
  'attach',
  'cgroups',
  'drivers/lxc',
  'guest',
  'host',
  'network',
  'networks/linux',
  'storage',
];

/**
 * What reaches further, and why it does; what no longer does has to be taken out.
 *
 * @typedef {Readonly<Record<string, { reaches: readonly string[], why: string }>>} Further
 * @type {Further}
 */
const further = {
  'build/host.ts': {
    reaches: ['apparmor', 'gauges', 'own-filter', 'own-limits', 'seccomp', 'userns'],
    why: 'builds the parts, and hands them what of the host they share',
  },
  'build/networks.ts': { reaches: ['processes'], why: 'once in each boot: the number of the boot' },
  'engine.ts': { reaches: ['addresses'], why: "tells the host's own links" },
  'index.ts': {
    reaches: ['birth', 'descriptors', 'listeners', 'own-limits', 'pidfd', 'processes', 'spawn', 'syscalls'],
    why: "what the daemon's own process needs before it has an engine, and of its clients and ports",
  },
  'assets.ts': { reaches: ['loop', 'run'], why: 'lists the loop devices of layers, with whoever has them' },
  'adoption/adopt.ts': { reaches: ['/proc'], why: 'names what it has open' },
  'backup/borg-locks.ts': {
    reaches: ['processes', '/sys'],
    why: 'whether who left a lock in a repository has ended, and was of this host',
  },
  'backup/restic.ts': { reaches: ['processes'], why: 'whether who left a lock in a repository has ended' },
  'domains/autostart.ts': { reaches: ['processes'], why: 'once in each boot: the number of the boot' },
  'guarantees/capacity.ts': { reaches: ['/proc'], why: 'memory and processors as they are now' },
  'guarantees/delivery.ts': { reaches: ['/proc'], why: 'pressure and stolen time of the moment' },
  'guest/files.ts': { reaches: ['node:os'], why: "numbers of the kernel's errors" },
  'lifecycle/block-io.ts': { reaches: ['disks'], why: 'names the disks of limits; goes below the drivers' },
  'placement/placement.ts': { reaches: ['/sys'], why: 'which processors are there now' },
  'quota/owners.ts': { reaches: ['quota'], why: 'quotas of users count all layers of a domain together' },
  'quota/quotas.ts': { reaches: ['private-mounts'], why: 'a limit is changed among mounts of a moment' },
  'storage/found-words.ts': { reaches: ['piped'], why: 'lists of files may be long' },
  'walls/standing.ts': {
    reaches: ['userns', '/proc'],
    why: "reads a process's status; goes below the drivers",
  },
};

/** Of the daemon, which has an engine to ask: what asks Node or the kernel for the host all the same. */
const daemon = {
  folders: ['procedures/host', 'testing'],
  further: {
    'procedures/domain/processors.ts': {
      reaches: ['node:os'],
      why: 'how many processors a map has bits for',
    },
    'procedures/domain/memory-use.ts': {
      reaches: ['node:os'],
      why: "the host's memory as the highest maximum",
    },
    'libvirt.ts': { reaches: ['node:os'], why: "the host's name, by which another reaches it" },
    'http/session.ts': { reaches: ['node:os'], why: 'numbers of signals' },
    'procedures/domain/native.ts': { reaches: ['node:os'], why: "a format's conversion asks for processors" },
  },
};

/**
 * @param {string} folder
 * @param {string} file
 */
const isIn = (folder, file) => folder === '' || file.startsWith(`${folder}/`);
/** @param {string} text */
const code = (text) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$|\s\/\/ .*$/gm, '');

/**
 * The modules that a file takes more than types from.
 *
 * @param {string} text
 */
function* imports(text) {
  for (const [, names, spec] of text.matchAll(/^(?:import|export)\s+(?!type\b)([^;]*?)from '([^']+)'/gm)) {
    const each = names.replace(/[{}]/g, ' ').split(',');
    if (each.some((name) => name.trim() !== '' && !name.trim().startsWith('type '))) yield spec;
  }
}

/**
 * What a file reaches for: modules of host/ by their name, Node's own, folders of the kernel.
 *
 * @param {string} file
 * @param {string} text
 */
function reachesOf(file, text) {
  const found = [...imports(text)].flatMap((spec) => {
    if (['node:os', 'node:child_process', 'koffi'].includes(spec)) return [spec];
    const [folder, module] = spec.startsWith('.') ? join(dirname(file), spec).split('/') : [];
    return folder === 'host' ? [module.replace(/\.js$/, '')] : [];
  });
  for (const folder of ['/proc', '/sys'])
    if (new RegExp(`['"\`(]${folder}/`).test(code(text))) found.push(folder);
  return [...new Set(found)];
}

/** @param {string} folder */
const sources = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );

/**
 * @param {string} file
 * @param {string} reach
 */
function mayEngine(file, reach) {
  if (reach.startsWith('/')) return kernelFiles.some((folder) => isIn(folder, file));
  const kind = Object.values(kinds).find(({ modules }) => modules.includes(reach));
  return kind?.folders.some((folder) => isIn(folder, file)) === true;
}

/**
 * Calls `fault` with each file that reaches further than it may, and with each word of the table that is none any more.
 *
 * @param {(text: string) => void} fault
 */
export function checkReach(fault) {
  /**
   * @param {string} name
   * @param {Further} allowed
   * @param {(file: string, reach: string) => boolean} may
   * @param {(file: string) => boolean} isFree
   */
  const check = (name, allowed, may, isFree) => {
    const root = join(packages, name, 'src');
    const used = new Set();
    for (const file of sources(root)) {
      if (isFree(file)) continue;
      for (const reach of reachesOf(file, readFileSync(join(root, file), 'utf8'))) {
        if (may(file, reach)) continue;
        if (allowed[file]?.reaches.includes(reach)) used.add(`${file} ${reach}`);
        else
          fault(
            `packages/${name}/src/${file}: reaches for ${reach}, which is not this folder's (scripts/host-reach.mjs)`,
          );
      }
    }
    for (const [file, { reaches }] of Object.entries(allowed))
      for (const reach of reaches)
        if (!used.has(`${file} ${reach}`))
          fault(`scripts/host-reach.mjs: ${file} does not reach for ${reach} any more`);
  };
  check('engine', further, mayEngine, (file) => isIn('host', file) || isIn('testing', file));
  /** @param {string} file */
  const inDaemon = (file) => daemon.folders.some((folder) => isIn(folder, file));
  check('daemon', daemon.further, (_, reach) => reach === 'koffi', inDaemon);
  const known = new Set(Object.values(kinds).flatMap(({ modules }) => modules));
  for (const file of sources(join(packages, 'engine/src/host')))
    if (!known.has(file.replace(/\.ts$/, '')))
      fault(`packages/engine/src/host/${file} has no kind in scripts/host-reach.mjs`);
}
