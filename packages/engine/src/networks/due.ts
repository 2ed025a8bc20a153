// Networks that are to be started by themselves since the host's boot, and were neither started nor stopped yet.
// SPDX-License-Identifier: Apache-2.0
import { readIfThere, writeAtomically } from '../host/files.js';

interface State {
  readonly boot: string;
  readonly due: readonly string[];
}

/** Kept on disk, so that one that was stopped stays off when the daemon comes again. */
export class DueNetworks {
  readonly #names = new Set<string>();

  private constructor(
    private readonly path: string,
    private readonly boot: string,
  ) {}

  /** Of the daemons of this boot the first one finds all `wanted` due; `isFirst` tells that nothing of before can run. */
  static async open(
    path: string,
    boot: string,
    wanted: readonly string[],
  ): Promise<{ readonly due: DueNetworks; readonly isFirst: boolean }> {
    const due = new DueNetworks(path, boot);
    const known = stateOf(await readIfThere(path));
    const isFirst = known?.boot !== boot;
    for (const name of isFirst ? wanted : (known?.due ?? [])) due.#names.add(name);
    if (isFirst) await due.#write();
    return { due, isFirst };
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  names(): string[] {
    return [...this.#names];
  }

  async add(name: string): Promise<void> {
    this.#names.add(name);
    await this.#write();
  }

  /** It was started or stopped, or is no more. */
  async done(name: string): Promise<void> {
    if (this.#names.delete(name)) await this.#write();
  }

  async #write(): Promise<void> {
    const state: State = { boot: this.boot, due: this.names() };
    await writeAtomically(this.path, `${JSON.stringify(state)}\n`, { durable: false });
  }
}

function stateOf(text: string | undefined): State | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isState(value) ? value : undefined;
  } catch {
    return undefined; // of another version, or damaged: as on a first start
  }
}

function isState(value: unknown): value is State {
  if (typeof value !== 'object' || value === null) return false;
  const { boot, due } = value as Partial<Record<keyof State, unknown>>;
  return typeof boot === 'string' && Array.isArray(due) && due.every((one) => typeof one === 'string');
}
