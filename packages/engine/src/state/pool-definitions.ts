// Folders that are storage pools: those that are defined, and those that are active until the host's next boot.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { readIfThere, writeAtomically } from '../host/files.js';
import type { PoolPermissions } from '../view.js';
import { parseJson } from './folders.js';

/** What a client made it with. */
export interface PoolDefinition {
  readonly name: string;
  readonly uuid: string;
  /** Absolute, of a folder of the host. */
  readonly path: string;
  /** What the folder is to have when it is built. */
  readonly permissions?: PoolPermissions | undefined;
}

/** One that outlasts the boot. */
export interface StoredPool extends PoolDefinition {
  /** Whether it is active after the boot. */
  readonly autostart: boolean;
}

/** Reads and writes both lists, each a file. */
export class PoolDefinitions {
  constructor(private readonly paths: { readonly pools: string; readonly activePools: string }) {}

  /** Throws `internal` where the file is damaged. */
  async defined(): Promise<readonly StoredPool[]> {
    const { pools } = this.paths;
    const text = await readIfThere(pools);
    return text === undefined ? [] : parseJson(text, pools, isStored, 'a list of pools').pools;
  }

  /** Undefined on the first start after a boot. */
  async active(): Promise<readonly PoolDefinition[] | undefined> {
    const { activePools } = this.paths;
    const text = await readIfThere(activePools);
    return text === undefined ? undefined : parseJson(text, activePools, isActive, 'a list of pools').pools;
  }

  async writeDefined(pools: readonly StoredPool[]): Promise<void> {
    await writeAtomically(this.paths.pools, textOf(pools));
  }

  async writeActive(pools: readonly PoolDefinition[]): Promise<void> {
    await writeAtomically(this.paths.activePools, textOf(pools), { durable: false });
  }
}

const textOf = (pools: readonly PoolDefinition[]): string => `${JSON.stringify({ version: 1, pools })}\n`;

interface List<T> {
  readonly pools: readonly T[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isDefinition = (value: unknown): value is PoolDefinition =>
  isObject(value) &&
  ['name', 'uuid', 'path'].every((key) => typeof value[key] === 'string') &&
  isPermissions(value['permissions'] ?? {});

const isPermissions = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every((number) => typeof number === 'number');

const isStoredPool = (value: unknown): value is StoredPool =>
  isDefinition(value) && 'autostart' in value && typeof value.autostart === 'boolean';

const isListOf =
  <T>(is: (value: unknown) => value is T) =>
  (value: unknown): value is List<T> =>
    isObject(value) && value['version'] === 1 && Array.isArray(value['pools']) && value['pools'].every(is);

const isStored = isListOf(isStoredPool);
const isActive = isListOf(isDefinition);

/** Names stand in error texts and in documents, not in paths. */
export function checkPoolName(name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (name.trim() === '' || /[/\u0000-\u001f]/.test(name) || Buffer.byteLength(name) > 255)
    throw new EngineError('invalid', `'${name}' is no name of a storage pool`, { name });
}
