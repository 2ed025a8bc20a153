// Whether a report is true: what it calls carried is in the document, or comes back when the format is written again.
// SPDX-License-Identifier: Apache-2.0
import { formatDomain } from '@ctvirt/xml';
import type { FileSet } from '../files.js';
import { type FormatName, formats } from '../formats.js';

const host = { pageSize: 4096, cpus: 3 };

export interface Reading {
  readonly xml: string;
  readonly report: ReturnType<(typeof formats)[FormatName]['read']>['report'];
  /** Everything that the same format writes of the document. */
  readonly written: string;
}

/** What files of one container come to; undefined when they are none of the format's. */
export function readingOf(name: FormatName, files: FileSet): Reading | undefined {
  const format = formats[name];
  const [unit] = format.detect(files);
  if (unit === undefined) return undefined;
  const { domain, autostart, report } = format.read(files, unit, host);
  const { files: back } = format.write(domain, {
    ...host,
    ...(autostart === undefined ? {} : { autostart }),
  });
  const written = [...back].map(([path, { text, link }]) => `${path}\n${text ?? link ?? ''}`).join('\n');
  return { xml: `${formatDomain(domain)}\nautostart ${autostart}`, report, written };
}

/** The keys of rows that say carried of a line without which nothing would differ, neither in the document nor on the way back. */
export function untrue(name: FormatName, path: string, text: string, usual: readonly RegExp[]): string[] {
  const filesWith = (changed: string): FileSet => new Map([[path, { text: changed }]]);
  const whole = readingOf(name, filesWith(text));
  const lines = text.split('\n');
  return (whole?.report ?? []).flatMap(({ line, key, status, how }) => {
    if (
      status !== 'carried' ||
      line === 0 ||
      usual.some((pattern) => pattern.test(how) || pattern.test(`${key}: ${how}`))
    )
      return [];
    const without = readingOf(
      name,
      filesWith(lines.map((each, at) => (at === line - 1 ? '' : each)).join('\n')),
    );
    const isTold = without === undefined || without.xml !== whole?.xml || without.written !== whole.written;
    return isTold ? [] : [`${key} (${lines[line - 1]}): ${how}`];
  });
}
