// Which domains are frozen for whoever copies them from outside: in one file, since the thaw of one that a killed daemon let go must fail.
// SPDX-License-Identifier: Apache-2.0
import { readIfThere, writeAtomically } from '../host/files.js';

/** By UUID, since when (RFC 3339). */
export class FrozenMarks {
  readonly openedAt = new Date().toISOString();
  #saving: Promise<void> = Promise.resolve();

  private constructor(
    private readonly path: string,
    private readonly known: Map<string, string>,
  ) {}

  /** A file that cannot be read is as none, and of a domain that is gone nothing is known. */
  static async open(path: string, isThere: (uuid: string) => boolean): Promise<FrozenMarks> {
    const known = [...marksIn(await readIfThere(path))].filter(([uuid]) => isThere(uuid));
    return new FrozenMarks(path, new Map(known));
  }

  get(uuid: string): string | undefined {
    return this.known.get(uuid);
  }

  async add(uuid: string): Promise<void> {
    this.known.set(uuid, new Date().toISOString());
    await this.#save();
  }

  async delete(uuid: string): Promise<void> {
    if (this.known.delete(uuid)) await this.#save();
  }

  async #save(): Promise<void> {
    const save = () =>
      writeAtomically(
        this.path,
        `${JSON.stringify({ version: 1, since: Object.fromEntries(this.known) })}\n`,
      );
    this.#saving = this.#saving.then(save, save);
    await this.#saving;
  }
}

function marksIn(text = '{}'): Map<string, string> {
  try {
    const content: unknown = JSON.parse(text);
    const since: unknown =
      typeof content === 'object' && content !== null ? Reflect.get(content, 'since') : undefined;
    return new Map(
      Object.entries(since ?? {}).flatMap(([uuid, at]) =>
        typeof at === 'string' ? [[uuid, at] as const] : [],
      ),
    );
  } catch {
    return new Map(); // damaged
  }
}
