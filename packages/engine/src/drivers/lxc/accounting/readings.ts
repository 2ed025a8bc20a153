// The kernel's files about one running container, each read at most once.
// SPDX-License-Identifier: Apache-2.0
import { keyed } from '../../../cgroups/keyed.js';
import type { Controller } from '../../../cgroups/layout.js';
import { numberIn } from '../../../host/gauges.js';
import type { Census } from './census.js';

/** Dependencies of `Readings`. */
export interface ReadingParts {
  /** All of a small file of its group; empty where it is not there. */
  readonly group: (controller: Controller, file: string) => string;
  /** The last one that was taken: it costs more than all the rest. */
  readonly census: Census | undefined;
}

/** The files of one container, as read in one round. */
export class Readings {
  /** By name alone: a group's files begin with their controller's. */
  readonly #texts = new Map<string, string>();

  constructor(private readonly parts: ReadingParts) {}

  /** A file of one number; null for `max`, and where it is not there. */
  number(controller: Controller, file: string): number | null {
    return numberIn(this.text(controller, file));
  }

  /** The number behind a key in a file of such lines. */
  keyed(controller: Controller, file: string, key: string): number | null {
    return keyed(this.text(controller, file))(key);
  }

  /** The time for which at least one process waited, from a file of pressure. */
  stalledUs(controller: Controller, file: string): number | null {
    const total = /^some .*\btotal=(\d+)$/m.exec(this.text(controller, file))?.[1];
    return total === undefined ? null : Number(total);
  }

  /** What no group counts; null before it was counted. */
  census(count: keyof Census): number | null {
    return this.parts.census?.[count] ?? null;
  }

  /** All of a file; empty where it is not there. */
  text(controller: Controller, file: string): string {
    const known = this.#texts.get(file);
    if (known !== undefined) return known;
    const text = this.parts.group(controller, file);
    this.#texts.set(file, text);
    return text;
  }
}
