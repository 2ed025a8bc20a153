// What is refused by name, and in which words: what read-only connections may not do, and what nobody answers.
// SPDX-License-Identifier: Apache-2.0
import type { RpcError } from '../errors.js';
import type { errorDomains } from '../protocol/numbers.js';
import type { Procedure } from '../protocol/row.js';
import { libvirtError } from '../remote-error.js';
import type { Values } from '../xdr.js';

/** Words that libvirt's functions write in capitals; the table's names have one capital each. */
const capitals: readonly (readonly [string, string])[] = [
  ...['Xml', 'Uuid', 'Cpu', 'Dhcp', 'Sev', 'Nmi', 'Uri'].map((word) => [word, word.toUpperCase()] as const),
  ['Iothread', 'IOThread'],
  ['Nwfilter', 'NWFilter'],
  ['nwfilter', 'nWFilter'],
  ['Fsinfo', 'FSInfo'],
  ['Fstrim', 'FSTrim'],
  ['Fsfreeze', 'FSFreeze'],
  ['Fsthaw', 'FSThaw'],
  ['OsType', 'OSType'],
  ['MacString', 'MACString'],
  ['GraphicsFd', 'GraphicsFD'],
  ['FdAssociate', 'FDAssociate'],
  ['SshKeys', 'SSHKeys'],
  ['ScsiHostByWwn', 'SCSIHostByWWN'],
  ['LookupById', 'LookupByID'],
  ['domainPm', 'domainPM'],
];

/** libvirt's name of a procedure's function, for messages and pages. */
export function functionName(name: string): string {
  const words = capitals.reduce((text, [from, to]) => text.replaceAll(from, to), name);
  return `vir${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

/** Where an error of a procedure belongs, by how its name begins: the first that fits. */
const domainOfPrefix = Object.entries({
  domainSnapshot: 'domainSnapshot',
  domainCheckpoint: 'domainCheckpoint',
  domain: 'domain',
  network: 'network',
  storage: 'storage',
  interface: 'interface',
  nodeDevice: 'nodedev',
  node: 'domain',
  nwfilter: 'nwfilter',
  secret: 'secret',
} satisfies Readonly<Record<string, keyof typeof errorDomains>>);

/** Whether a call changes anything, or shows what only writers may see. */
export function isForbidden(row: Procedure, args: Values): boolean {
  if (typeof row.writes === 'boolean') return row.writes;
  const value = args[row.writes.field];
  return typeof value === 'number' && (value & row.writes.bits) !== 0;
}

const domainOf = (name: string): keyof typeof errorDomains =>
  domainOfPrefix.find(([prefix]) => name.startsWith(prefix))?.[1] ?? 'none';

function refusal(code: 'operationDenied' | 'noSupport', name: string, opening: string, detail: string) {
  return libvirtError(code, domainOf(name), `${opening}: ${detail}`, {
    str1: `${opening}: %s`,
    str2: detail,
  });
}

/** The refusal of what only writers may do, in libvirt's words. */
export const forbidden = (name: string): RpcError =>
  refusal('operationDenied', name, 'operation forbidden', `read only access prevents ${functionName(name)}`);

/** The refusal of a procedure the protocol has and the server has not, as libvirtd's drivers word it. */
export const unsupported = (name: string): RpcError =>
  refusal('noSupport', name, 'this function is not supported by the connection driver', functionName(name));
