// What read-only connections are refused, and in which words.
// SPDX-License-Identifier: Apache-2.0
import type { RpcError } from './errors.js';
import type { errorDomains } from './protocol/numbers.js';
import type { Procedure } from './protocol/row.js';
import { libvirtError } from './remote-error.js';

/** Words that libvirt's functions write in capitals; the table's names have one capital each. */
const capitals: readonly (readonly [string, string])[] = [
  ...['Xml', 'Uuid', 'Cpu', 'Dhcp', 'Sev', 'Nmi', 'Uri'].map((word) => [word, word.toUpperCase()] as const),
  ['Iothread', 'IOThread'],
  ['Nwfilter', 'NWFilter'],
  ['Fsinfo', 'FSInfo'],
  ['Fstrim', 'FSTrim'],
  ['Fsfreeze', 'FSFreeze'],
  ['Fsthaw', 'FSThaw'],
  ['OsType', 'OSType'],
  ['MacString', 'MACString'],
  ['GraphicsFd', 'GraphicsFD'],
  ['LookupById', 'LookupByID'],
  ['domainPm', 'domainPM'],
];

/** libvirt's name of a procedure's function, for messages and pages. */
export function functionName(name: string): string {
  const words = capitals.reduce((text, [from, to]) => text.replaceAll(from, to), name);
  return `vir${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

const domainOfPrefix: readonly (readonly [string, keyof typeof errorDomains])[] = [
  ['domainSnapshot', 'domainSnapshot'],
  ['domainCheckpoint', 'domainCheckpoint'],
  ['domain', 'domain'],
  ['network', 'network'],
  ['storage', 'storage'],
  ['interface', 'interface'],
  ['nodeDevice', 'nodedev'],
  ['node', 'domain'],
  ['nwfilter', 'nwfilter'],
  ['secret', 'secret'],
];

/** Whether a call changes anything, or shows what only writers may see. */
export function isForbidden(row: Procedure, args: Readonly<Record<string, unknown>>): boolean {
  if (typeof row.writes === 'boolean') return row.writes;
  const value = args[row.writes.field];
  return typeof value === 'number' && (value & row.writes.bits) !== 0;
}

/** The refusal, in libvirt's words. */
export function forbidden(name: string): RpcError {
  const domain = domainOfPrefix.find(([prefix]) => name.startsWith(prefix))?.[1] ?? 'none';
  const detail = `read only access prevents ${functionName(name)}`;
  return libvirtError('operationDenied', domain, `operation forbidden: ${detail}`, {
    str1: 'operation forbidden: %s',
    str2: detail,
  });
}
