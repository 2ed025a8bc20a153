// The kernel's files about one running container, each read at most once.
// SPDX-License-Identifier: Apache-2.0
import { keyed } from '../cgroups/keyed.js';
import type { Controller } from '../cgroups/layout.js';
import { type ProcessCounts, processCounts } from './processes.js';

export interface ReadingParts {
  /** The folder of its group in a controller's hierarchy. */
  readonly folder: (controller: Controller) => string;
  readonly initPid: number;
  /** All of a small file; empty where it is not there. */
  readonly text: (path: string) => string;
  /** Whether to look at each process too, which costs more than all the rest. */
  readonly withProcesses: boolean;
}

export class Readings {
  readonly #texts = new Map<string, string>();
  #processes: ProcessCounts | undefined;

  constructor(private readonly parts: ReadingParts) {}

  /** A file of one number; null for `max`, and where it is not there. */
  number(controller: Controller, file: string): number | null {
    const text = this.#file(controller, file).trim();
    const value = Number(text);
    // v1 writes "no limit" as the largest page-aligned 63-bit number.
    return text !== '' && Number.isFinite(value) && value < 2 ** 62 ? value : null;
  }

  /** The number behind a key in a file of such lines. */
  keyed(controller: Controller, file: string, key: string): number | null {
    return keyed(this.#file(controller, file))(key);
  }

  /** The time for which at least one process waited, from a file of pressure. */
  stalledUs(controller: Controller, file: string): number | null {
    const total = /^some .*\btotal=(\d+)$/m.exec(this.#file(controller, file))?.[1];
    return total === undefined ? null : Number(total);
  }

  /** A word's number in the line of this head, such as `used` in `sockets: used 5`; of the container's own network. */
  network(file: 'sockstat' | 'sockstat6', head: string, word: string): number | null {
    const line = this.#text(`/proc/${this.parts.initPid}/net/${file}`)
      .split('\n')
      .find((one) => one.startsWith(`${head}:`));
    const words = line?.split(' ') ?? [];
    const at = words.indexOf(word);
    return at < 0 ? null : Number(words[at + 1]);
  }

  /** Counts over all processes; null unless they were asked for. */
  processes(count: keyof ProcessCounts): number | null {
    if (!this.parts.withProcesses) return null;
    this.#processes ??= processCounts(
      this.#file('pids', 'cgroup.procs').trim().split('\n').filter(Boolean).map(Number),
    );
    return this.#processes[count];
  }

  #file(controller: Controller, file: string): string {
    return this.#text(`${this.parts.folder(controller)}/${file}`);
  }

  #text(path: string): string {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const text = this.parts.text(path);
    this.#texts.set(path, text);
    return text;
  }
}
