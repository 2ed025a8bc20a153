// How many processes containers may have where nobody says: so that none of them, nor all together, takes the host's last one.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resources } from '@ctvirt/formats';
import { isGone } from '../host/gone.js';
import { type CgroupLayout, readNumber } from './layout.js';

/** What systemd gives a service (DefaultTasksMax). */
const EACH = 0.15;
/** What is left is the host's: its own services, and who logs in to see what takes the rest. */
const TOGETHER = 0.8;

/** Limits of processes where no document has one. */
export interface ProcessDefaults {
  /** Of a domain whose document says nothing. */
  readonly each: number;
  /** Of all domains together. */
  readonly together: number;
}

/** By what this kernel can have at all. */
export function processDefaults(read = (path: string) => readFileSync(path, 'utf8')): ProcessDefaults {
  const most = Math.min(
    ...['pid_max', 'threads-max'].map((name) => Number(read(`/proc/sys/kernel/${name}`).trim())),
  );
  return { each: Math.floor(most * EACH), together: Math.floor(most * TOGETHER) };
}

let known: ProcessDefaults | undefined;

/** The same, as it was when this process first asked: a domain's limit does not change with the host's while it runs. */
const hostDefaults = (): ProcessDefaults => (known ??= processDefaults());

/** The limits with the default where nothing is said of processes. */
export function withProcessDefault(resources: Resources): Resources {
  if (resources.pidsMax !== undefined || resources.pidsUnlimited === true) return resources;
  return { ...resources, pidsMax: hostDefaults().each };
}

/**
 * The limit of the group that all containers stand in. It gives way to a domain whose own document says more, as long as that
 * runs.
 */
export class ProcessCeiling {
  /** What running domains may have by their documents, where that is beyond what all have otherwise. */
  readonly #beyond = new Map<string, number>();

  constructor(
    private readonly cgroups: CgroupLayout,
    private readonly parent: string,
  ) {}

  /** A domain runs with these limits, from now on. */
  know(name: string, { pidsMax, pidsUnlimited }: Resources): void {
    const most = pidsUnlimited === true ? Number.POSITIVE_INFINITY : (pidsMax ?? 0);
    if (most > hostDefaults().together) this.#beyond.set(name, most);
    else this.#beyond.delete(name);
    this.#write();
  }

  leave(name: string): void {
    if (this.#beyond.delete(name)) this.#write();
  }

  #write(): void {
    if (!this.cgroups.controllers.has('pids')) return;
    const file = join(this.cgroups.path('pids', this.parent), 'pids.max');
    const most = Math.max(hostDefaults().together, ...this.#beyond.values());
    const wanted = Number.isFinite(most) ? most : null;
    try {
      if (readNumber(file) !== wanted) writeFileSync(file, wanted === null ? 'max' : String(wanted));
    } catch (error) {
      // The last container has gone, and the group with it.
      if (!isGone(error)) throw error;
    }
  }
}
