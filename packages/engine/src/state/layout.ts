// Where everything lies: configuration, state and sockets, by default in the system's folders or all under one root.
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileNameOf } from '@ctvirt/formats';
import { EngineError } from '../errors.js';

/** Paths of one daemon, and its names on the host. */
export interface Layout {
  /** Undefined for the system's own daemon. */
  readonly root: string | undefined;
  readonly etc: string;
  readonly profiles: string;
  /** Programs of the administrator's that are told what becomes of domains. */
  readonly hooks: string;
  readonly lib: string;
  readonly domains: string;
  readonly networks: string;
  readonly filters: string;
  readonly roots: string;
  readonly templates: string;
  /** Archives of domains: a storage pool of libvirt's clients. */
  readonly backups: string;
  /** The other pools: what is defined of them. */
  readonly pools: string;
  /** What passed the links of domains. */
  readonly traffic: string;
  /** What domains used over time: a file of rings for each. */
  readonly history: string;
  /** What happened to domains: a file of lines for each. */
  readonly lives: string;
  /** When schedules of domains were last obeyed. */
  readonly scheduleTimes: string;
  /** When domains were last backed up, and when their schedules of that were obeyed. */
  readonly backupTimes: string;
  /** What the files of domains were when they were last backed up. */
  readonly knownFiles: string;
  /** What programs that keep backups remember of their repositories. */
  readonly backupMemory: string;
  /** Long operations that have ended, and that are under way. */
  readonly jobs: string;
  /** Which domains are frozen for whoever copies them from outside. */
  readonly frozen: string;
  /** What containers wrote to their consoles. */
  readonly consoles: string;
  readonly run: string;
  readonly httpSocket: string;
  /** libvirt's protocol, and the same for clients that may only read. */
  readonly libvirtSocket: string;
  readonly libvirtReadOnlySocket: string;
  /** Where a start puts its mounts for the moment until the container has them. */
  readonly mounts: string;
  /** Roots of domains that are off, mounted for the host's administrator. */
  readonly rootMounts: string;
  /** One folder per started domain: liblxc's configuration, pid and log, and the XML it was started with. */
  readonly runtime: string;
  /** What links had counted when their containers ended, one file each until somebody has read it. */
  readonly endedLinks: string;
  /** Pools that are active, until the host's next boot. */
  readonly activePools: string;
  /** A file for each link of the host that a container has: what it was. */
  readonly lentLinks: string;
  /** One folder per network that runs: its document as it runs, and what its host has. */
  readonly networkRuntime: string;
  /** Which lxcfs serves what. */
  readonly lxcfs: string;
  /** The profile around containers, as it was loaded. */
  readonly appArmor: string;
  /** liblxc's own path; with a domain's name it makes the address of the command socket. */
  readonly lxc: string;
  /** The parent of all our control groups, unlike any other daemon's. */
  readonly cgroup: string;
}

// An abstract socket's address has 107 bytes for "<lxc path>/<name>/command".
const LONGEST_NAME = 64;
const LONGEST_RUN = 107 - '/lxc/'.length - LONGEST_NAME - '/command'.length;

/** One root has one name, whichever link it is reached by: names of groups and of sockets are made of it. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realPath(above), basename(path)); // to be made yet
  }
}

/** The system's layout, or the one of a daemon of its own under `root`. */
export function layoutOf(root?: string): Layout {
  const base = root === undefined ? undefined : realPath(resolve(root));
  const etc = base === undefined ? '/etc/ctvirt' : join(base, 'etc');
  const lib = base === undefined ? '/var/lib/ctvirt' : join(base, 'lib');
  const run = base === undefined ? '/run/ctvirt' : join(base, 'run');
  if (Buffer.byteLength(run) > LONGEST_RUN)
    throw new EngineError(
      'invalid',
      `the root ${base} is too long: at most ${LONGEST_RUN - '/run'.length} bytes, because liblxc's socket addresses end at 107`,
    );
  const suffix = base === undefined ? '' : `-${createHash('sha256').update(base).digest('hex').slice(0, 8)}`;
  return {
    root: base,
    etc,
    profiles: join(etc, 'profiles'),
    hooks: join(etc, 'hooks'),
    lib,
    domains: join(lib, 'domains'),
    networks: join(lib, 'networks'),
    filters: join(lib, 'filters'),
    roots: join(lib, 'roots'),
    templates: join(lib, 'templates'),
    backups: join(lib, 'backups'),
    pools: join(lib, 'pools.json'),
    traffic: join(lib, 'traffic'),
    history: join(lib, 'history'),
    lives: join(lib, 'lives'),
    scheduleTimes: join(lib, 'schedule.json'),
    backupTimes: join(lib, 'backups.json'),
    knownFiles: join(lib, 'backup-files'),
    backupMemory: join(lib, 'backup-memory'),
    jobs: join(lib, 'jobs.json'),
    frozen: join(lib, 'frozen.json'),
    consoles: join(lib, 'consoles'),
    run,
    httpSocket: join(run, 'http.sock'),
    libvirtSocket: join(run, 'libvirt-sock'),
    libvirtReadOnlySocket: join(run, 'libvirt-sock-ro'),
    mounts: join(run, 'mnt'),
    rootMounts: join(run, 'roots'),
    runtime: join(run, 'domains'),
    endedLinks: join(run, 'ended-links'),
    activePools: join(run, 'pools.json'),
    lentLinks: join(run, 'lent-links'),
    networkRuntime: join(run, 'networks'),
    lxcfs: join(run, 'lxcfs'),
    appArmor: join(run, 'apparmor'),
    lxc: join(run, 'lxc'),
    cgroup: `ctvirt${suffix}`,
  };
}

/** The name as a file name, where it can be one. */
export function diskName(name: string): string {
  const encoded = fileNameOf(name);
  if (encoded === '' || encoded.length > LONGEST_NAME)
    throw new EngineError(
      'invalid',
      `the name '${name}' is ${encoded === '' ? 'empty' : 'too long'}: 1 to ${LONGEST_NAME} bytes, counting three for each character other than letters, digits and . _ + @ -`,
    );
  return encoded;
}
