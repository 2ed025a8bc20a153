// A socket whose clients reach another one by way of a test, which sees what they say, and may end them.
// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

/** What is done with a client and its end at the server; `end` cuts both. */
export type Carry = (near: Socket, far: Socket, end: () => void) => void;

/** Listens on one socket for clients of another. */
export async function relaying(path: string, server: string, carry: Carry): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect({ path: server });
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined).on('close', end);
    }
    carry(near, far, end);
  });
  await new Promise<void>((resolve) => relay.listen(path, resolve));
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => relay.close(resolve));
      rmSync(path, { force: true });
    },
  };
}
