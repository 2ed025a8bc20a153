// Ports of the host at which programs of it listen.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';

/** Where a program waits to be asked. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly address: Buffer;
  readonly port: number;
}

/** The kernel's names for sockets that wait for anybody: TCP's LISTEN, and UDP's that are bound to nobody. */
const waiting = { tcp: '0A', udp: '07' } as const;

/** All of them now. */
export async function listeners(): Promise<Listener[]> {
  const found = await Promise.all(
    (['tcp', 'udp'] as const).flatMap((protocol) =>
      ['', '6'].map(async (family) => {
        // A host without IPv6 has no such table.
        const text = await readFile(`/proc/self/net/${protocol}${family}`, 'utf8').catch(() => '');
        return listenersIn(text, protocol);
      }),
    ),
  );
  return found.flat();
}

/** Those in a table of the kernel's. */
export const listenersIn = (text: string, protocol: Listener['protocol']): Listener[] =>
  rowsIn(text, protocol).map(([address = '', port = '']) => ({
    protocol,
    address: inOrder(Buffer.from(address, 'hex')),
    port: Number.parseInt(port, 16),
  }));

/** The fields of each that waits, which the kernel parts by blanks: address and port, then all that follow the state. */
const rowsIn = (text: string, protocol: Listener['protocol']): string[][] =>
  [...text.matchAll(/^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) (.*)/gm)].flatMap(
    ([, address = '', port = '', state, rest = '']) =>
      state === waiting[protocol] ? [[address, port, ...rest.trim().split(/\s+/)]] : [],
  );

/** Who listens at a port of TCP, in words such as `process 4711 (nc) of user 1000`; undefined if nobody does by now. */
export function holderOf(port: number): string | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = ['tcp', 'tcp6'].flatMap((table) =>
    rowsIn(
      orElse(() => readFileSync(`/proc/self/net/${table}`, 'utf8'), ''),
      'tcp',
    ),
  );
  const row = rows.find(([, at]) => at === hex);
  if (row === undefined) return undefined;
  const [, , , , , uid = '', , inode = ''] = row;
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && hasSocket(name, inode));
  if (pid === undefined) return `a process of user ${uid}`;
  return `process ${pid} (${orElse(() => readFileSync(`/proc/${pid}/comm`, 'utf8'), 'gone').trim()}) of user ${uid}`;
}

const hasSocket = (pid: string, inode: string): boolean =>
  orElse(() => readdirSync(`/proc/${pid}/fd`), []).some(
    (fd) => orElse(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '') === `socket:[${inode}]`,
  );

/** Processes come and go while one looks. */
function orElse<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

/** The tables have words of four bytes as this processor has them. */
const inOrder = (bytes: Buffer): Buffer => (isLittle ? bytes.swap32() : bytes);
const isLittle = endianness() === 'LE';
