// Projects of the host's quotas: a number given to a folder and all that is made in it, from a range that is ours.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { EngineError, errnoOf } from '../errors.js';
import type { HostQuotas } from './quota.js';
import { ioctlBuffer } from './syscalls.js';

const FS_IOC_FSGETXATTR = 0x801c581f;
const FS_IOC_FSSETXATTR = 0x401c5820;
// struct fsxattr: flags, extent size, extents, project, more.
const ATTRIBUTES_BYTES = 28;
const PROJECT_OFFSET = 12;
const INHERITED = 0x200;

/** The numbers that `project_ids` of ctvirtd.conf gives us. */
export interface ProjectRange {
  readonly start: number;
  readonly count: number;
}

/** The project that a folder hands on to what is made in it; undefined if none. */
export function projectOf(folder: string): number | undefined {
  const attributes = Buffer.alloc(ATTRIBUTES_BYTES);
  try {
    withFolder(folder, (fd) => ioctlBuffer(fd, FS_IOC_FSGETXATTR, attributes, folder));
  } catch (error) {
    // A file system that knows no projects.
    if (['ENOTTY', 'EOPNOTSUPP'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
  const project = attributes.readUInt32LE(PROJECT_OFFSET);
  return (attributes.readUInt32LE(0) & INHERITED) !== 0 && project !== 0 ? project : undefined;
}

/** Of an empty folder: whatever is in it already stays with the project it has. */
export function setProject(folder: string, project: number): void {
  withFolder(folder, (fd) => {
    const buffer = Buffer.alloc(ATTRIBUTES_BYTES);
    ioctlBuffer(fd, FS_IOC_FSGETXATTR, buffer, folder);
    buffer.writeUInt32LE((buffer.readUInt32LE(0) | INHERITED) >>> 0, 0);
    buffer.writeUInt32LE(project, PROJECT_OFFSET);
    ioctlBuffer(fd, FS_IOC_FSSETXATTR, buffer, folder);
  });
}

/** A number that nobody uses: no file carries it, and no list of the host names it. Given to a folder before the next is asked for. */
export function freeProject({ start, count }: ProjectRange, quotas: HostQuotas): number {
  const named = new Set(['/etc/projects', '/etc/projid'].flatMap(numbersIn));
  for (let id = start; id < start + count; id++)
    if (!named.has(id) && quotas.entry('project', id).inodes === 0) return id;
  throw new EngineError(
    'no-space',
    `all ${count} project ids from ${start} on are in use: raise project_ids in ctvirtd.conf, or erase domains`,
    { start, count },
  );
}

/** `1000:/path` and `name:1000`, one a line. */
function numbersIn(file: string): number[] {
  try {
    return [...readFileSync(file, 'utf8').matchAll(/^(?:[^#:\n]*:)?(\d+)(?=:|$)/gm)].map(([, id]) =>
      Number(id),
    );
  } catch {
    return []; // most hosts have no such list
  }
}

function withFolder<T>(folder: string, use: (fd: number) => T): T {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
