// The kernel's counters, read again and again: their files stay open, since opening costs ten times what reading does.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync } from 'node:fs';

export class Gauges {
  readonly #open = new Map<string, number>();
  #buffer = Buffer.alloc(16_384);

  /** `mostOpen` files stay open; the one that was opened first makes room. */
  constructor(private readonly mostOpen = 256) {}

  /** All of a small file of the kernel's; empty where it ended meanwhile, or this kernel has none. */
  text(path: string): string {
    const known = this.#open.get(path);
    if (known !== undefined) {
      const text = this.#read(known);
      if (text !== undefined) return text;
      // Its group ended; there may be a new one of the same name.
      this.#close(path, known);
    }
    try {
      const file = openSync(path, 'r');
      this.#keep(path, file);
      return this.#read(file) ?? '';
    } catch {
      return '';
    }
  }

  /** A file of one number; null for `max`, and where it is not there. */
  number(path: string): number | null {
    const text = this.text(path).trim();
    const value = Number(text);
    // v1 writes "no limit" as the largest page-aligned 63-bit number.
    return text !== '' && Number.isFinite(value) && value < 2 ** 62 ? value : null;
  }

  /** Lets go of the files below a folder: what they counted has ended. */
  forget(below: string): void {
    for (const [path, file] of this.#open) if (path.startsWith(`${below}/`)) this.#close(path, file);
  }

  close(): void {
    for (const [path, file] of this.#open) this.#close(path, file);
  }

  #keep(path: string, file: number): void {
    this.#open.set(path, file);
    if (this.#open.size <= this.mostOpen) return;
    // Maps are ordered by insertion; which of so many goes matters little.
    const [oldest] = this.#open;
    if (oldest !== undefined) this.#close(...oldest);
  }

  #close(path: string, file: number): void {
    this.#open.delete(path);
    closeSync(file);
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
