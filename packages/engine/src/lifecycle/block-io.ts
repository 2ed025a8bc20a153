// Block I/O of a domain on this host: the disks it goes to, and what they and the kernel can do to it.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parameterOf, type ResourceRow } from '@ctvirt/formats';
import type { IoDisks } from '../cgroups/io-limits.js';
import { type CgroupLayout, groupsHave } from '../cgroups/layout.js';
import type { Limit } from '../cgroups/limit.js';
import { type Disk, diskNamed, schedulerOf } from '../host/disks.js';
import { backends, type FilesystemSpec, type KeptContext } from '../storage/index.js';

/** Dependencies of `BlockIo`. */
export interface BlockIoParts {
  readonly cgroups: CgroupLayout;
  /** The parent of all our control groups. */
  readonly parent: string;
}

/** Finds the disks of a domain, and what can be limited on them. */
export class BlockIo {
  /** Files that groups have: a kernel loses none. */
  readonly #there = new Set<string>();

  constructor(private readonly parts: BlockIoParts) {}

  /** Below a domain's file systems, each once. */
  disks(filesystems: readonly FilesystemSpec[], context: KeptContext): Disk[] {
    const found = filesystems.flatMap((spec) => {
      try {
        return backends[spec.kind].disks(spec, context);
      } catch {
        return []; // what a start would miss, and say so
      }
    });
    return [...new Map(found.map((disk) => [disk.number, disk])).values()];
  }

  ioDisks(filesystems: readonly FilesystemSpec[], context: () => KeptContext): IoDisks {
    const look = () => this.disks(filesystems, context()).map(({ number }) => number);
    let own: string[] | undefined;
    return {
      get own() {
        return (own ??= look());
      },
      named: (path) => diskNamed(path).number,
    };
  }

  /** Whether this kernel has the file, and for a weight on one disk, whether that disk is scheduled by weights. */
  has({ controller, file, device }: Limit): boolean {
    const key = `${controller}/${file}`;
    if (!this.#there.has(key) && !groupsHave(this.parts.cgroups, controller, file, this.parts.parent))
      return false;
    this.#there.add(key);
    if (device === undefined || !file.includes('weight')) return true;
    return file === 'io.weight' ? this.#hasIoCost(device) : schedulerOf(device) === 'bfq';
  }

  /** What becomes of a parameter here, where the disks make that less than what it could be. */
  explain(row: ResourceRow, disks: () => readonly Disk[]): ResourceRow {
    const why = row.status === 'recorded' ? undefined : this.#obstacle(row.key, disks);
    return why === undefined ? row : { ...row, status: 'recorded', how: why };
  }

  #obstacle(key: string, look: () => readonly Disk[]): string | undefined {
    const needs = parameterOf(key)?.needs;
    if (needs === undefined) return undefined;
    const disks = look();
    if (disks.length === 0) return noDisk;
    if (needs === 'a disk') return undefined;
    if (disks.some(({ number }) => schedulerOf(number) === 'bfq' || this.#hasIoCost(number)))
      return undefined;
    const scheduled = disks.map((disk) => `${disk.name} has ${schedulerOf(disk.number)}`).join(', ');
    return `the I/O scheduler bfq has weights, and ${scheduled}`;
  }

  #hasIoCost(device: string): boolean {
    const { cgroups } = this.parts;
    if (cgroups.version === 1) return false;
    try {
      const lines = readFileSync(join(cgroups.path('io', ''), 'io.cost.qos'), 'utf8').split('\n');
      return lines.some((line) => line.startsWith(`${device} `) && line.includes('enable=1'));
    } catch {
      return false; // a kernel without io.cost
    }
  }
}

/** Why the block I/O of such a domain cannot be limited. */
export const noDisk = "no disk of this host lies below the domain's file systems";
