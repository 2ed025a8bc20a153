// What a session's client sends for its program: never more than the window of it, in whatever small frames it comes.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream';
import { encodeNumber, FrameError, stdinWindowBytes } from '@ctvirt/api';

/** Frames that wait are joined from so many on: each costs far more than a byte of its own. */
const MOST_PIECES = 256;

/** One write at a time goes to the program, and one answer at a time to the client, however many frames there were. */
export class SessionInput {
  #waiting: Uint8Array[] = [];
  /** Sent by the client and not yet answered. */
  #underWayBytes = 0;
  #takenBytes = 0;
  #isWriting = false;
  #isOver = false;

  constructor(
    private readonly program: NodeJS.WritableStream,
    private readonly client: Duplex,
  ) {
    client.on('drain', () => this.#answer());
  }

  push(payload: Uint8Array): void {
    if (payload.length === 0) throw new FrameError('a stdin frame without a byte');
    this.#underWayBytes += payload.length;
    if (this.#underWayBytes > stdinWindowBytes) throw new FrameError('more stdin than the window admits');
    this.#waiting.push(payload);
    if (this.#waiting.length >= MOST_PIECES) this.#waiting = [Buffer.concat(this.#waiting)];
    this.#write();
  }

  end(): void {
    this.#isOver = true;
    this.#write();
  }

  #write(): void {
    if (this.#isWriting) return;
    if (this.#waiting.length === 0) {
      if (this.#isOver) this.program.end();
      return;
    }
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#isWriting = true;
    this.program.write(bytes, () => {
      this.#isWriting = false;
      this.#takenBytes += bytes.length;
      this.#answer();
      this.#write();
    });
  }

  /** Waits while the client does not read: then one answer stands for all. */
  #answer(): void {
    if (this.#takenBytes === 0 || this.client.writableNeedDrain || !this.client.writable) return;
    const taken = this.#takenBytes;
    this.#takenBytes = 0;
    this.#underWayBytes -= taken;
    this.client.write(encodeNumber('consumed', taken));
  }
}
