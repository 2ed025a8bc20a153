// What the roots of domains that are gone are called: a name that no folder of a domain has, with a number for each. And how long they stay.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { diskName } from './layout.js';
import { readMoving } from './moving.js';

/** No name on disk has this character: see `diskName`. */
const MARK = '~';

/** Whether a folder of roots is one that was kept: `web~2` is the second of a domain that was called `web`. */
export const isKeptRoot = (folder: string): boolean => /^[^./][^/]*~[1-9]\d*$/.test(folder);

/** Whether it is one of a domain of this name. */
export const isKeptOf = (folder: string, name: string): boolean =>
  isKeptRoot(folder) && folder.slice(0, folder.lastIndexOf(MARK)) === diskName(name);

/** The next one of this name: a number is used again only where the highest one was erased. */
export function nextKeptRoot(folders: readonly string[], name: string): string {
  const numbers = folders
    .filter((folder) => isKeptOf(folder, name))
    .map((folder) => Number(folder.slice(folder.lastIndexOf(MARK) + 1)));
  return `${diskName(name)}${MARK}${Math.max(0, ...numbers) + 1}`;
}

const DAY_MS = 24 * 60 * 60_000;

/** When files are erased that a domain left which another host has; undefined of all others, which stay until somebody erases them. */
export function erasedAt(folder: string, { keptAt }: { readonly keptAt?: string }): Date | undefined {
  if (keptAt === undefined || !hasMoved(folder)) return undefined;
  return new Date(Date.parse(keptAt) + DAY_MS);
}

function hasMoved(folder: string): boolean {
  try {
    return readMoving(folder)?.answered === true;
  } catch (error) {
    // What cannot be read says nothing, and nothing is erased for it.
    if (error instanceof EngineError) return false;
    throw error;
  }
}
