// Own network filters on disk: each a folder with its document.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { formatDocument } from '@ctvirt/xml';
import type { EngineError } from '../errors.js';
import { writeAtomically } from '../host/files.js';
import { readWritten } from '../lifecycle/stored-document.js';
import { Folders, readOr } from '../state/folders.js';
import type { KnownFilter } from './rules/known-filters.js';

/** Reads and writes them. */
export class FilterStore {
  readonly #folders: Folders;

  constructor(folder: string) {
    this.#folders = new Folders(folder);
  }

  /** Removes what an interrupted operation left half-made or half-removed; returns what that was. */
  async recover(): Promise<string[]> {
    return await this.#folders.recover();
  }

  /** What is damaged is answered as its error, so that one bad file does not hide the others. */
  load(): { filters: KnownFilter[]; damaged: EngineError[] } {
    const damaged: EngineError[] = [];
    const filters = this.#folders
      .onDisk()
      .flatMap((entry) => readOr(damaged, join(this.#folders.parent, entry, FILE), readFilter) ?? []);
    return { filters, damaged };
  }

  /** The moment it is there, in the place of an earlier one if there is one. */
  async write(filter: KnownFilter, isNew: boolean): Promise<void> {
    const fill = async (folder: string): Promise<void> =>
      await writeAtomically(join(folder, FILE), formatDocument('filter', filter));
    if (isNew) await this.#folders.make(filter.name, fill);
    else await this.#folders.replace(filter.name, fill);
  }

  /** The moment it is gone. */
  async remove(name: string): Promise<void> {
    await this.#folders.remove(name);
  }
}

const FILE = 'filter.xml';

const readFilter = (text: string, path: string): KnownFilter => readWritten('filter', text, path);
