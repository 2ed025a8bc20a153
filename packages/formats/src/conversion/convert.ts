// One container from one format to another: its files, and the report of what became of its keys.
// SPDX-License-Identifier: Apache-2.0
import { type Finding, XmlError } from '@ctvirt/xml';
import { FormatError } from '../errors.js';
import type { FileSet } from '../files.js';
import { type Format, type NativeUnit, usualPageSize } from '../format.js';
import { withReferences } from '../references.js';
import type { ReportRow } from '../report.js';
import { type EndName, endNames, ends } from './ends.js';

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

/** How a container is converted apart from its two formats. */
export interface ConversionOptions {
  /** A container's files as they lie become its root, not the template they were made from. */
  readonly inPlace: boolean;
  readonly cpus: number;
  /** Whether all that the files name was looked for: what is missing is not there then. */
  readonly isWhole: boolean;
}

/** Converts a container whose files these are, with all that they name. */
export function convertUnit(
  files: FileSet,
  unit: NativeUnit,
  { from, to }: { readonly from: Format; readonly to: Format },
  { inPlace, cpus, isWhole }: ConversionOptions,
): Conversion {
  const { name, path } = unit;
  const host = { pageSize: usualPageSize, cpus };
  const root = inPlace || !to.files.hasTemplates ? 'private' : 'template';
  let report: readonly ReportRow[] = [];
  try {
    const read = from.read(files, unit, { ...host, root, isWhole });
    report = read.report;
    const { domain, autostart } = read;
    const written = to.write(domain, { ...host, autostart });
    return { name, path, autostart, files: written.files, report: [...report, ...written.report] };
  } catch (error) {
    return { name, path, report, failure: failureOf(error) };
  }
}

/**
 * Converts all containers of these files; without `from` each format is asked in turn whether there are some. None is found in a format
 * that is also the one asked for. Each is converted when it is
 * taken; undefined where there is none.
 */
export function convertFiles(
  files: FileSet,
  { from, to, ...options }: ConversionOptions & { readonly from?: EndName | undefined; readonly to: EndName },
): { readonly from: EndName; readonly conversions: Iterable<Conversion> } | undefined {
  for (const name of from === undefined ? endNames : [from]) {
    const format: Format = ends[name];
    const units = name === to ? [] : format.detect(files);
    if (units.length === 0) continue;
    // What is named and not given the format reports.
    const named = (unit: NativeUnit): FileSet => withReferences(format, files, unit, () => []);
    const way = { from: format, to: ends[to] };
    return { from: name, conversions: eachOf(units, (unit) => convertUnit(named(unit), unit, way, options)) };
  }
  return undefined;
}

function* eachOf(
  units: readonly NativeUnit[],
  convert: (unit: NativeUnit) => Conversion,
): Generator<Conversion> {
  for (const unit of units) yield convert(unit);
}

function failureOf(error: unknown): Failure {
  if (error instanceof XmlError)
    return { code: error.code, message: 'the document cannot be used', findings: error.findings };
  if (!(error instanceof FormatError)) throw error;
  const { code, message, at } = error;
  const place = at.file === undefined ? '' : `${at.file}${at.line === undefined ? '' : `:${at.line}`}: `;
  return { code, message: message.startsWith(place) ? message : place + message, findings: [] };
}
