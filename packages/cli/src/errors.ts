// The command line's own error, and every error as people read it.
// SPDX-License-Identifier: Apache-2.0

import { styleText } from 'node:util';
import { ApiError, type Finding } from '@ctvirt/api';
import { exitStatusOf, usageStatus } from './exit-status.js';
import { shownName } from './input-name.js';
import { printableJson, printableLines } from './printable.js';

/** A wrong command line (`usage`) or a local failure, such as a file that cannot be read (`local`). */
export class CliError extends Error {
  override readonly name = 'CliError';
  constructor(
    readonly code: 'usage' | 'local',
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

const fileReasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
};

/** Throws CliError `local`: the file, and the system's reason in words. */
export function refuseFile(file: string, cause: unknown, what: 'read' | 'write' = 'read'): never {
  throw new CliError('local', `cannot ${what} ${file}: ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return fileReasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
}

const fileOf = new WeakMap<Error, string>();

/** Waits for a call about a file; findings of its failure are then told with that file's name. */
export async function locate<T>(file: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error) fileOf.set(error, shownName(file));
    throw error;
  }
}

/** Undefined where the other side, a libvirt or a daemon elsewhere, cannot do it: there is another way then. */
export async function ifSupported<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'unsupported') return undefined;
    throw error;
  }
}

/** The exit status and the lines for stderr that an error gives. */
export function describeError(error: unknown, colour: boolean): { status: number; text: string } {
  const head = (message: string) => `${paint('red', 'error:', colour)} ${printableLines(message)}\n`;
  if (error instanceof CliError)
    return { status: error.code === 'usage' ? usageStatus : 1, text: head(error.message) };
  if (!(error instanceof ApiError)) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { status: 1, text: head(`ctvirt has a fault: ${message}`) };
  }
  const isTold = ({ line, message }: Finding): boolean => line === 0 && error.message.includes(message);
  const findings = error.findings
    .filter((finding) => !isTold(finding))
    .map((finding) => describeFinding(finding, fileOf.get(error) ?? 'document', colour));
  return {
    status: exitStatusOf(error.code),
    text: head(error.message) + describeConsole(error.details['console']) + findings.join(''),
  };
}

/** What a container wrote before its start failed. */
function describeConsole(lines: unknown): string {
  if (!Array.isArray(lines)) return '';
  return lines.map((line) => `  console: ${visible(String(line))}\n`).join('');
}

/** The same for a program: one line of JSON. */
export function encodeError(error: unknown): { status: number; text: string } {
  const { status } = describeError(error, false);
  const message = error instanceof Error ? error.message : String(error);
  const { code, findings, details } =
    error instanceof ApiError
      ? error
      : { code: error instanceof CliError ? error.code : ('internal' as const), findings: [], details: {} };
  return { status, text: jsonLine({ error: { code, message, status, details, findings } }) };
}

/** One line where data is asked for as JSON. */
export const jsonLine = (value: unknown): string => `${printableJson(value)}\n`;

/** A remark of the daemon on what it did. */
export const describeRemark = (remark: string, colour: boolean): string =>
  `${paint('yellow', 'warning:', colour)} ${visible(remark)}\n`;

/** One finding as compilers print theirs: place, what is wrong, the line itself, what was expected. */
export function describeFinding(finding: Finding, file: string, colour: boolean): string {
  const { severity, message, line, column, path, found, expected, suggestion, excerpt } = finding;
  const name = visible(finding.file ?? file);
  const place = paint('bold', line > 0 ? `${name}:${line}:${column}:` : `${name}:`, colour);
  const word = paint(severity === 'error' ? 'red' : 'yellow', `${severity}:`, colour);
  const isTold = (part: string | undefined) => part === undefined || part === '' || message.includes(part);
  const details = [
    ...(excerpt?.split('\n').map((text) => `  ${text}`) ?? []),
    ...(path === '' ? [] : [`    at ${path}`]),
    ...(isTold(found) ? [] : [`    found ${found}`]),
    ...(isTold(expected) ? [] : [`    expected ${expected}`]),
    ...(isTold(suggestion) ? [] : [`    did you mean ${suggestion}?`]),
  ];
  return [`${place} ${word} ${visible(message)}`, ...details.map(visible), ''].join('\n');
}

/** A document may hold escape sequences, and even its name; a caret stays beneath its place. */
const visible = (text: string): string => printableLines(text).replaceAll('\n', '\ufffd');

const paint = (format: 'red' | 'yellow' | 'bold', text: string, colour: boolean): string =>
  colour ? styleText(format, text, { validateStream: false }) : text;
