// The kernel's counters, read again and again: their files stay open, since opening costs ten times what reading does.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** What a file of one number says; null for `max`, and for an empty one. */
export function numberIn(text: string): number | null {
  const value = Number(text);
  // v1 writes "no limit" as the largest page-aligned 63-bit number.
  return text.trim() !== '' && Number.isFinite(value) && value < 2 ** 62 ? value : null;
}

const once = Buffer.alloc(65_536);

/** All of a small file, which is closed again; empty where it is not there, or not any more. */
export function textOnce(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      return once.toString('latin1', 0, readSync(file, once, 0, once.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

/** Reads files of counters by their folder and name. */
export class Gauges {
  /** By folder, since a folder's files end together, and by name. */
  readonly #open = new Map<string, Map<string, number>>();
  #count = 0;
  #buffer = Buffer.alloc(16_384);

  /** `mostOpen` files stay open. Those beyond are closed again each time: making room would close what is asked for next. */
  constructor(private readonly mostOpen: number) {}

  /** All of a small file of the kernel's; empty where it ended meanwhile, or this kernel has none. */
  text(folder: string, name: string): string {
    const known = this.#open.get(folder)?.get(name);
    if (known !== undefined) {
      const text = this.#read(known);
      if (text !== undefined) return text;
      // Its group ended; there may be a new one of the same name.
      this.forget(folder);
    }
    let file: number;
    try {
      file = openSync(join(folder, name), 'r');
    } catch {
      return '';
    }
    const text = this.#read(file) ?? '';
    if (this.#count < this.mostOpen) this.#keep(folder, name, file);
    else closeSync(file);
    return text;
  }

  /** A file of one number; null for `max`, and where it is not there. */
  number(folder: string, name: string): number | null {
    return numberIn(this.text(folder, name));
  }

  /** Lets go of a folder's files: what they counted has ended. */
  forget(folder: string): void {
    const files = this.#open.get(folder);
    if (files === undefined) return;
    this.#open.delete(folder);
    this.#count -= files.size;
    for (const file of files.values()) closeSync(file);
  }

  close(): void {
    for (const folder of [...this.#open.keys()]) this.forget(folder);
  }

  #keep(folder: string, name: string, file: number): void {
    const files = this.#open.get(folder);
    if (files === undefined) this.#open.set(folder, new Map([[name, file]]));
    else files.set(name, file);
    this.#count++;
  }

  #read(file: number): string | undefined {
    try {
      let length = 0;
      for (;;) {
        const read = readSync(file, this.#buffer, length, this.#buffer.length - length, length);
        length += read;
        // What is shorter than a page the kernel hands out at once.
        if (read === 0 || length < 4096) return this.#buffer.toString('latin1', 0, length);
        if (length === this.#buffer.length) this.#buffer = Buffer.concat([this.#buffer], 2 * length);
      }
    } catch {
      return undefined; // ENODEV: what it counted has ended
    }
  }
}
