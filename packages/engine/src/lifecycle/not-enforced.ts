// What of a document is understood and kept, but has no effect on this host: said at define, never in silence.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Finding, FindingCode } from '@ctvirt/xml';
import { onConsole, onDevices, onHostdev } from './remarks/devices.js';
import { onDomain } from './remarks/domain.js';
import { onFilesystem } from './remarks/filesystem.js';
import { onInterface } from './remarks/interface.js';
import type { Remark, Row } from './remarks/remark.js';

/** One warning for each such element; paths are those of the canonical document. */
export function notEnforced(domain: Domain): Finding[] {
  const { filesystems, interfaces, consoles, hostdevs } = domain.devices;
  return [
    ...remarksOf([...onDomain, ...onDevices], domain, ''),
    ...remarksOfEach(onFilesystem, filesystems, 'filesystem'),
    ...remarksOfEach(onInterface, interfaces, 'interface'),
    ...remarksOfEach(onConsole, consoles, 'console'),
    ...remarksOfEach(onHostdev, hostdevs, 'hostdev'),
  ].map(([path, message]) => notKept(path, message));
}

function remarksOf<T>(rows: readonly Row<T>[], model: T, base: string): Remark[] {
  return rows.flatMap((row) => {
    const found = row(model);
    return found === undefined ? [] : [[base + found[0], found[1]] as const];
  });
}

const remarksOfEach = <T>(rows: readonly Row<T>[], models: readonly T[] = [], name: string): Remark[] =>
  models.flatMap((model, index) => remarksOf(rows, model, `/domain/devices/${name}[${index + 1}]`));

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
