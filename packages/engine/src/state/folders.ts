// Folders of one parent, each of which appears, changes and vanishes whole, whenever the daemon is killed.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EngineError } from '../errors.js';
import { exchange, foldersIn, syncDirectory, unfinishedIn } from '../host/files.js';
import { removeWithVolumes } from '../host/volumes.js';
import { GONE, Graves } from './graves.js';
import { diskName } from './layout.js';

// A folder that is not complete yet, or not any more, has one of these names until it is.
const NEW = '.new-';

/** Where a path lies that may be below one of these: what people can look at, now and later. */
export const lastingPart = (path: string): string => path.replace(/\/\.(?:new|gone)-.*$/s, '');

/** Fills a folder that is empty. */
export type Fill = (folder: string) => Promise<void>;

/** Makes, replaces and removes them. */
export class Folders {
  constructor(
    readonly parent: string,
    private readonly graves: Graves = new Graves(parent),
  ) {}

  /** Where the one of this name lies. */
  path(name: string): string {
    return join(this.parent, diskName(name));
  }

  /** Names on disk of those that are whole. */
  onDisk(): string[] {
    return foldersIn(this.parent).filter((entry) => !entry.startsWith('.'));
  }

  /** Removes what an interrupted operation left half-made or half-removed; returns what that was. */
  async recover(): Promise<string[]> {
    const removed: string[] = [];
    const isPart = (entry: string): boolean => entry.startsWith(NEW) || entry.startsWith(GONE);
    const parts = readdirSync(this.parent).filter(isPart);
    for (const left of parts.map((entry) => join(this.parent, entry)))
      if (await this.#isErased(left)) removed.push(left);
    for (const left of this.onDisk().flatMap((entry) => unfinishedIn(join(this.parent, entry))))
      if (await removeIfAble(left)) removed.push(left);
    return removed;
  }

  /** An empty one that has no name yet. */
  stage(): string {
    return mkdtempSync(join(this.parent, NEW));
  }

  /** The moment it is there is the rename. */
  async make(name: string, fill: Fill): Promise<void> {
    await this.makeAs(diskName(name), fill);
  }

  /** The same by the name on disk. */
  async makeAs(folder: string, fill: Fill): Promise<void> {
    const staging = this.stage();
    try {
      await fill(staging);
      renameSync(staging, join(this.parent, folder));
    } catch (error) {
      await this.graves.discard(staging);
      throw error;
    }
    await syncDirectory(this.parent);
  }

  /** A folder for the moment, which the next daemon removes if this one does not come to it. */
  async scratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
    const folder = this.stage();
    try {
      return await use(folder);
    } finally {
      await this.graves.discard(folder);
    }
  }

  /** The complete new folder changes places with the old one, at one moment. */
  async replace(name: string, fill: Fill): Promise<void> {
    const staging = this.stage();
    try {
      await fill(staging);
      exchange(staging, this.path(name));
      await syncDirectory(this.parent);
    } finally {
      await this.graves.discard(staging);
    }
  }

  /** The moment it is gone is the rename; what follows can be repeated. */
  async remove(name: string): Promise<void> {
    await this.erase(diskName(name));
  }

  /** The same by the name on disk. */
  async erase(folder: string): Promise<void> {
    await this.graves.bury(join(this.parent, folder));
  }

  /** Of one that nobody has missed; by the name on disk. */
  async discard(folder: string, patienceMs?: number): Promise<void> {
    await this.graves.discard(join(this.parent, folder), patienceMs);
  }

  /** Gives a folder another name; both are names on disk. */
  async move(from: string, to: string): Promise<void> {
    renameSync(join(this.parent, from), join(this.parent, to));
    await syncDirectory(this.parent);
  }

  /** Lets two folders change places, at one moment; names on disk. */
  async swap(one: string, other: string): Promise<void> {
    exchange(join(this.parent, one), join(this.parent, other));
    await syncDirectory(this.parent);
  }

  async removeIfThere(name: string): Promise<void> {
    if (existsSync(this.path(name))) await this.remove(name);
  }

  /** What cannot be erased now is tried again later. */
  #isErased(path: string): Promise<boolean> {
    const erased = basename(path).startsWith(GONE) ? this.graves.erase(path) : this.graves.bury(path);
    return erased.then(
      () => true,
      () => false,
    );
  }
}

/** What cannot be removed now, as on a full disk or with a pool of volumes that is not there, is left to the next daemon. */
export const removeIfAble = (path: string): Promise<boolean> =>
  removeWithVolumes(path).then(
    () => true,
    () => false,
  );

/** The parsed file, or undefined and one more among what is damaged. */
export function readOr<T>(
  damaged: EngineError[],
  path: string,
  parse: (text: string, path: string) => T,
): T | undefined {
  try {
    return parse(readFileSync(path, 'utf8'), path);
  } catch (cause) {
    damaged.push(
      cause instanceof EngineError
        ? cause
        : new EngineError('internal', `cannot read ${path}`, { path }, { cause }),
    );
    return undefined;
  }
}

/** The value of a file of JSON; throws `internal` if it is damaged, or not what this version writes. */
export function parseJson<T>(
  text: string,
  path: string,
  is: (value: unknown) => value is T,
  what: string,
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EngineError('internal', `${path} is damaged: ${String(cause)}`, { path }, { cause });
  }
  if (!is(value)) throw new EngineError('internal', `${path} is not ${what} of this version`, { path });
  return value;
}
