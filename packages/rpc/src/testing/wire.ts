// A socket without a network, for tests that play the peer.
// SPDX-License-Identifier: Apache-2.0
import { Duplex } from 'node:stream';

/** Its other end is the test: what is pushed arrives, what was written is kept. */
export class Wire extends Duplex {
  readonly written: Buffer[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(chunk);
    done();
  }
}
