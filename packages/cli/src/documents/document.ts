// One XML document of the command line: its bytes read, decoded and checked as what its root says it is.
// SPDX-License-Identifier: Apache-2.0

import {
  type DocumentKind,
  type Domain,
  defaultLimits,
  type Finding,
  type FormatOptions,
  formatDevice,
  formatDocument,
  formatDomain,
  leftOutOfLibvirtForm,
  parseDevice,
  parseDocument,
  parseDomain,
  placeFindings,
} from '@ctvirt/xml';
import { refuseFile } from '../errors.js';
import { stdinName } from '../input-name.js';
import type { Io } from '../io.js';
import { readBytes, readInput } from './bytes.js';
import { decodeXml } from './decode.js';

/** What a document came to; without errors it can be written, and is a domain unless it is a single device, a network or a filter. */
export interface CheckedDocument {
  readonly file: string;
  readonly isValid: boolean;
  readonly findings: readonly Finding[];
  readonly text: string;
  readonly domain?: Domain;
  readonly format?: (options: FormatOptions) => string;
}

/** How severe a check is. */
export interface CheckOptions {
  /** What the schema does not know is an error. */
  readonly strict: boolean;
}

/** Each character takes four bytes at most. */
const mostBytes = (): number => 4 * defaultLimits.length;

/** Reads and checks a file; `-` is standard input. Throws CliError `local` where it cannot be read. */
export async function checkFile(file: string, io: Io, options: CheckOptions): Promise<CheckedDocument> {
  return file === '-'
    ? checkBytes(stdinName, await readInput(io.stdin, mostBytes()), options)
    : checkPath(file, options);
}

function checkPath(file: string, options: CheckOptions): CheckedDocument {
  let bytes: Buffer;
  try {
    bytes = readBytes(file, mostBytes());
  } catch (cause) {
    return refuseFile(file, cause);
  }
  return checkBytes(file, bytes, options);
}

function checkBytes(file: string, bytes: Buffer, options: CheckOptions): CheckedDocument {
  if (bytes.length > mostBytes()) {
    const message = `the document has more than ${mostBytes()} bytes`;
    const finding = { severity: 'error', code: 'too-large', message, line: 0, column: 0, path: '' } as const;
    return { file, isValid: false, findings: [finding], text: '' };
  }
  const { text, finding } = decodeXml(bytes);
  if (finding !== undefined) return { file, isValid: false, findings: [finding], text: '' };
  return { file, text, ...checkText(text, options) };
}

function checkText(
  text: string,
  options: CheckOptions,
): Pick<CheckedDocument, 'isValid' | 'findings' | 'domain' | 'format'> {
  const { domain, findings } = parseDomain(text, options);
  if (domain !== undefined)
    return { isValid: true, findings, domain, format: (form) => formatDomain(domain, form) };
  if (!isOtherRoot(findings)) return { isValid: false, findings };
  const alone = parseDevice(text, options);
  const { device } = alone;
  if (device !== undefined)
    return { isValid: true, findings: alone.findings, format: () => formatDevice(device) };
  if (!isOtherRoot(alone.findings)) return { isValid: false, findings: alone.findings };
  for (const kind of otherKinds) {
    const { model, findings: own } = parseDocument(kind, text, options);
    if (model !== undefined)
      return { isValid: true, findings: own, format: (form) => formatDocument(kind, model, form) };
    if (!isOtherRoot(own)) return { isValid: false, findings: own };
  }
  return { isValid: false, findings };
}

const otherKinds = ['network', 'filter', 'networkport'] as const satisfies readonly DocumentKind[];
const isOtherRoot = (findings: readonly Finding[]): boolean =>
  findings.some(({ code }) => code === 'wrong-root');

/** The findings of a document that is written in libvirt's form, with what that leaves out; each thing is told once. */
export function withLeftOut({ domain, file, text, findings }: CheckedDocument): readonly Finding[] {
  if (domain === undefined) return findings;
  const told = placeFindings(text, leftOutOfLibvirtForm(domain), file);
  const isTold = ({ line, column }: Finding) =>
    told.some((other) => other.line === line && other.column === column);
  const rest = findings.filter((one) => !(one.code.startsWith('unknown-') && isTold(one)));
  return [...rest, ...told].sort((a, b) => a.line - b.line || a.column - b.column);
}
