// Files that clients of this machine have open, and lend for as long as it takes to start what reads or writes them.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LentFile } from '@ctvirt/api';
import { EngineError, fetchDescriptor } from '@ctvirt/engine';
import { processOf } from '../peer.js';

/** Runs what needs a lent file, with a descriptor of our own of it. */
export type Lender = <T>(file: LentFile | undefined, use: (descriptor?: number) => Promise<T>) => Promise<T>;

/** Of who is at the other end of a connection: itself, and not somebody whose bytes it passes on. */
export const lenderOf =
  (client: Duplex): Lender =>
  async (file, use) => {
    if (file === undefined) return await use();
    const descriptor = borrow(client, file);
    if (descriptor === undefined)
      throw new EngineError(
        'unsupported',
        `process ${file.pid} has no such file open, or is not at the other end: send the bytes instead`,
      );
    try {
      return await use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  };

/** By pid, device and inode, all three: a client elsewhere may have the same number here by chance. */
function borrow(client: Duplex, { pid, descriptor, device, inode }: LentFile): number | undefined {
  if (!(client instanceof Socket) || client.remoteAddress !== undefined || processOf(client) !== pid)
    return undefined;
  const found = fetchDescriptor(pid, descriptor);
  if (found === undefined) return undefined;
  const is = fstatSync(found, { bigint: true });
  if (is.isFile() && String(is.dev) === device && String(is.ino) === inode) return found;
  closeSync(found);
  return undefined;
}
