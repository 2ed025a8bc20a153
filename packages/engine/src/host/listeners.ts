// Ports of the host at which programs of it listen.
// SPDX-License-Identifier: Apache-2.0
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
export function listenersIn(text: string, protocol: Listener['protocol']): Listener[] {
  return [
    ...text.matchAll(/^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /gm),
  ].flatMap(([, address = '', port = '', state]) =>
    state === waiting[protocol]
      ? [{ protocol, address: inOrder(Buffer.from(address, 'hex')), port: Number.parseInt(port, 16) }]
      : [],
  );
}

/** The tables have words of four bytes as this processor has them. */
const inOrder = (bytes: Buffer): Buffer => (isLittle ? bytes.swap32() : bytes);
const isLittle = endianness() === 'LE';
