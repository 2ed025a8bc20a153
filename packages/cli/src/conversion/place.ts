// Converted files put into a folder: beneath it and nowhere else, whatever their names say.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, renameSync, rmSync, type Stats, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileSet } from '@ctvirt/formats';
import { CliError, refuseFile } from '../errors.js';

/**
 * Writes the files below the folder, which is made; throws CliError `local` for a file that is there unless `force`,
 * and for a name that leads elsewhere. Nothing is written if one of them is refused.
 */
export function placeFiles(folder: string, files: FileSet, options: { readonly force: boolean }): void {
  const places = [...files].map(([path, entry]) => ({ parts: partsOf(path), entry }));
  try {
    mkdirSync(folder, { recursive: true });
    for (const { parts } of places) checkPlace(folder, parts, options.force);
    for (const { parts, entry } of places) {
      let parent = folder;
      for (const part of parts.slice(0, -1)) {
        parent = join(parent, part);
        if (find(parent) === undefined) mkdirSync(parent);
      }
      const place = join(parent, parts.at(-1) ?? '');
      const draft = join(parent, `.ctvirt-${randomBytes(6).toString('hex')}`);
      try {
        if (entry.text === undefined) symlinkSync(entry.link, draft);
        else writeFileSync(draft, entry.text, { flag: 'wx' });
        renameSync(draft, place);
      } finally {
        rmSync(draft, { force: true });
      }
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    refuseFile(folder, cause, 'write');
  }
}

function partsOf(path: string): readonly string[] {
  const parts = path.split('/');
  const isPlain = (part: string): boolean =>
    part !== '' && part !== '.' && part !== '..' && !part.includes('\0') && Buffer.byteLength(part) <= 255;
  if (!parts.every(isPlain))
    throw new CliError('local', `${JSON.stringify(path)} is no path to write below a folder`);
  return parts;
}

function checkPlace(folder: string, parts: readonly string[], force: boolean): void {
  let place = folder;
  for (const [at, part] of parts.entries()) {
    place = join(place, part);
    const found = find(place);
    if (found === undefined) return;
    const isLast = at === parts.length - 1;
    if (!isLast && !found.isDirectory())
      throw new CliError('local', `${place} is no folder: nothing is written through it`);
    if (isLast && !found.isFile() && !found.isSymbolicLink()) {
      const what = found.isDirectory() ? 'a folder' : 'a device, a pipe or a socket';
      throw new CliError('local', `${place} is ${what}: nothing is written over it`);
    }
    if (isLast && !force) throw new CliError('local', `${place} is there already: --force writes over it`);
  }
}

const find = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });
