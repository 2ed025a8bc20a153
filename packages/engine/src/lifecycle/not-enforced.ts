// What of a document is understood and kept, but has no effect on this host: said at define, never in silence.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Finding, FindingCode } from '@ctvirt/xml';
import { onConsole, onDevices, onHostdev } from './remarks/devices.js';
import { onDomain } from './remarks/domain.js';
import { onFilesystem } from './remarks/filesystem.js';
import { onInterface } from './remarks/interface.js';
import type { Row } from './remarks/remark.js';

/** One warning for each such element; paths are those of the canonical document. */
export function notEnforced(domain: Domain): Finding[] {
  const { filesystems, interfaces, consoles, hostdevs } = domain.devices;
  return [
    ...unkeptIn([...onDomain, ...onDevices], domain, ''),
    ...unkeptInEach(onFilesystem, filesystems, '/domain/devices/filesystem'),
    ...unkeptInEach(onInterface, interfaces, '/domain/devices/interface'),
    ...unkeptInEach(onConsole, consoles, '/domain/devices/console'),
    ...unkeptInEach(onHostdev, hostdevs, '/domain/devices/hostdev'),
  ];
}

/** What rows say of an element at this path. */
export function unkeptIn<T>(rows: readonly Row<T>[], model: T, base: string): Finding[] {
  return rows.flatMap((row) => {
    const found = row(model);
    return found === undefined ? [] : [notKept(base + found[0], found[1])];
  });
}

/** The same of each of several. */
export const unkeptInEach = <T>(
  rows: readonly Row<T>[],
  models: readonly T[] = [],
  base: string,
): Finding[] => models.flatMap((model, index) => unkeptIn(rows, model, `${base}[${index + 1}]`));

/** A warning about the document; the path is of the canonical one, which has no lines. */
export const remarkOf = (code: FindingCode, path: string, message: string): Finding => ({
  severity: 'warning',
  code,
  message,
  line: 0,
  column: 0,
  path,
});

/** Returns a remark for something that is recorded but not enforced. */
export const notKept = (path: string, message: string): Finding => remarkOf('not-enforced', path, message);
