// Containers from one format to another: each with its files and the report of what became of its keys.
// SPDX-License-Identifier: Apache-2.0

import { availableParallelism } from 'node:os';
import {
  type Conversion,
  type ConversionOptions,
  convertUnit,
  type EndName,
  endNames,
  ends,
  type FileEntry,
  type FileSet,
  type Format,
  folderOf,
  type NativeUnit,
} from '@ctvirt/formats';
import { CliError } from '../errors.js';
import { shownName } from '../input-name.js';
import type { Io } from '../io.js';
import { gather, sharedReader, withNamed } from './gather.js';

/** Everything found at a path. */
export interface Found {
  readonly from: EndName;
  readonly format: Format;
  readonly files: FileSet;
  readonly units: readonly NativeUnit[];
  /** What was left out, in words. */
  readonly left: readonly string[];
}

/** Finds the containers at a path; without `from` each format is asked in turn. Throws CliError `local` for none. */
export async function find(path: string, from: EndName | undefined, io: Io): Promise<Found> {
  const candidates = from === undefined ? endNames : [from];
  let input: FileSet | undefined;
  for (const name of candidates) {
    const format: Format = ends[name];
    // Standard input can be read once, and a file is the same whoever asks.
    const gathered =
      input === undefined ? await gather(path, format, io) : { files: input, left: [], isFolder: false };
    const { files, left, isFolder } = gathered;
    if (!isFolder) input = files;
    const units = format.detect(files);
    if (units.length > 0) return { from: name, format, files, units, left };
  }
  const what = candidates.map((name) => ends[name].doc).join('; ');
  throw new CliError('local', `there is no container to convert in ${shownName(path)}: looked for ${what}`);
}

/** Converts each container in turn. */
export function* convertAll(
  found: Found,
  to: EndName,
  options: Pick<ConversionOptions, 'inPlace'>,
): Generator<Conversion> {
  const own = ownFiles(found);
  const shared = sharedReader(found.files, found.format);
  const way = { from: found.format, to: ends[to] };
  for (const unit of found.units) {
    const near = new Map([...shared(unit), ...(own.get(unit) ?? [])]);
    yield convertUnit(withNamed(near, unit, found.format), unit, way, {
      ...options,
      cpus: availableParallelism(),
      isWhole: true,
    });
  }
}

/** Every file to the container at or above whose place it lies, so that no container costs what all of them weigh. */
function ownFiles({ files, units }: Found): ReadonlyMap<NativeUnit, FileSet> {
  const byPath = new Map(units.map((unit) => [unit.path, unit]));
  const own = new Map(units.map((unit) => [unit, new Map<string, FileEntry>()]));
  for (const [path, entry] of files) {
    for (let place = path; place !== ''; place = folderOf(place)) {
      const unit = byPath.get(place);
      if (unit === undefined) continue;
      own.get(unit)?.set(path, entry);
      break;
    }
  }
  return own;
}
