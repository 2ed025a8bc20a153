// Containers from one format to another: each with its files and the report of what became of its keys.
// SPDX-License-Identifier: Apache-2.0

import { availableParallelism } from 'node:os';
import {
  type FileEntry,
  type FileSet,
  type Format,
  FormatError,
  folderOf,
  type NativeUnit,
  type ReportRow,
  usualPageSize,
} from '@ctvirt/formats';
import { type Finding, XmlError } from '@ctvirt/xml';
import { CliError } from '../errors.js';
import { shownName } from '../input-name.js';
import type { Io } from '../io.js';
import { type EndName, endNames, ends } from './ends.js';
import { gather, sharedReader, withNamed } from './gather.js';

/** A container in its new form, or why it has none. */
export type Conversion = {
  /** As the source names it. */
  readonly name: string;
  readonly path: string;
  readonly report: readonly ReportRow[];
} & (
  | { readonly files: FileSet; readonly failure?: undefined; readonly autostart: boolean | undefined }
  | { readonly files?: undefined; readonly failure: Failure }
);

/** Why a container could not be converted: the code and findings an error of the daemon's would have. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly findings: readonly Finding[];
}

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

/** What a conversion does apart from its two formats. */
export interface ConvertOptions {
  /** A container's files as they lie become its root, not the template they were made from. */
  readonly inPlace: boolean;
}

/** Converts each container in turn. */
export function* convertAll(found: Found, to: EndName, options: ConvertOptions): Generator<Conversion> {
  const own = ownFiles(found);
  const shared = sharedReader(found.files, found.format);
  for (const unit of found.units) {
    const near = new Map([...shared(unit), ...(own.get(unit) ?? [])]);
    yield convertOne(withNamed(near, unit, found.format), unit, found, ends[to], options);
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

function convertOne(
  files: FileSet,
  unit: NativeUnit,
  { format: from }: Found,
  to: Format,
  { inPlace }: ConvertOptions,
): Conversion {
  const { name, path } = unit;
  const host = { pageSize: usualPageSize, cpus: availableParallelism() };
  const root = inPlace || !to.files.hasTemplates ? 'private' : 'template';
  let report: readonly ReportRow[] = [];
  try {
    const read = from.read(files, unit, { ...host, root, isWhole: true });
    report = read.report;
    const { domain, autostart } = read;
    const written = to.write(domain, { ...host, autostart });
    return { name, path, autostart, files: written.files, report: [...report, ...written.report] };
  } catch (error) {
    return { name, path, report, failure: failureOf(error) };
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof XmlError)
    return { code: error.code, message: 'the document cannot be used', findings: error.findings };
  if (!(error instanceof FormatError)) throw error;
  const { code, message, at } = error;
  const place = at.file === undefined ? '' : `${at.file}${at.line === undefined ? '' : `:${at.line}`}: `;
  return { code, message: message.startsWith(place) ? message : place + message, findings: [] };
}
