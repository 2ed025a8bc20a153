// What is gone and not erased yet: it has another name by now, is erased beside everything else, and where that fails tried again later.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withMore } from '../errors.js';
import { syncDirectory } from '../host/files.js';
import { removeWithVolumes } from '../host/volumes.js';

/** How the name of what is gone begins. */
export const GONE = '.gone-';

/** So long who takes something away waits for it to be erased; millions of files take minutes. */
const PATIENCE_MS = 1000;

/** Erases folders of one parent, and of those below it. */
export class Graves {
  readonly #erasing = new Map<string, Promise<void>>();
  /** Those that could not be erased. */
  readonly #left = new Set<string>();
  readonly #closing = new AbortController();

  /** `remark` hears, once, of what cannot be erased and nobody waited for. */
  constructor(
    private readonly folder: string,
    private readonly remark: (message: string) => void = () => undefined,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** The same for folders of another parent, of which nothing is tried again. */
  of(parent: string): Graves {
    return new Graves(parent, this.remark, this.patienceMs);
  }

  /** The moment it is gone is the rename. Throws why it cannot be erased, if that is known soon: it is gone all the same. */
  async bury(path: string, patienceMs = this.patienceMs): Promise<void> {
    if (!existsSync(path)) return;
    // Nothing is made here: what is removed to gain space must go on a full disk too.
    const grave = join(this.folder, `${GONE}${randomBytes(8).toString('hex')}`);
    renameSync(path, grave);
    await syncDirectory(dirname(path));
    await this.erase(grave, patienceMs);
  }

  /** The same of what nobody asks for, such as a copy of the moment: what is done with it does not fail for that. */
  async discard(path: string, patienceMs = this.patienceMs): Promise<void> {
    await this.bury(path, patienceMs).catch((error: unknown) =>
      this.remark(`${basename(path)}: ${error instanceof Error ? error.message : String(error)}`),
    );
  }

  /** The same of one that has such a name. */
  async erase(grave: string, patienceMs = this.patienceMs): Promise<void> {
    let isAwaited = true;
    const erased = this.#erase(grave).catch((error: unknown) => {
      if (this.#closing.signal.aborted) return;
      this.#left.add(grave);
      const told = withMore(
        error,
        `it is gone, but not all of its files are erased: ${grave} has the rest, which is tried again later`,
      );
      if (isAwaited) throw told;
      this.remark(`${basename(grave)}: ${told instanceof Error ? told.message : String(told)}`);
    });
    const over = new AbortController();
    const late = sleep(patienceMs, undefined, { signal: over.signal }).catch(() => undefined);
    try {
      await Promise.race([erased, late]);
    } finally {
      over.abort();
      isAwaited = false;
    }
  }

  /** Whether something there is being erased. */
  isErasing(grave: string): boolean {
    return this.#erasing.has(grave);
  }

  /** For who needs the room: what is being erased now is, or cannot be. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#erasing.values());
  }

  /** Tries again what could not be erased. */
  async retry(): Promise<void> {
    for (const grave of this.#left) {
      const isErased = await this.#erase(grave).then(
        () => true,
        () => false,
      );
      if (isErased) this.#left.delete(grave);
    }
  }

  /** What is not erased by now the next daemon erases. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.settled();
  }

  async #erase(grave: string): Promise<void> {
    const work = removeWithVolumes(grave, this.#closing.signal).finally(() => this.#erasing.delete(grave));
    this.#erasing.set(grave, work);
    await work;
  }
}
