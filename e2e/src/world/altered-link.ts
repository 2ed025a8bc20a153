// A way from one daemon to another on which words become others of the same length: what an older one, or a stranger, would say.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { relaying } from './relay.js';

/** Listens on one socket for clients of another. */
export async function altering(
  path: string,
  server: string,
  words: Readonly<Record<string, string>>,
): Promise<AsyncDisposable> {
  for (const [word, other] of Object.entries(words)) assert.equal(word.length, other.length);
  return await relaying(path, server, (near, far) => {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      to.on('drain', () => from.resume());
      const frames = new Frames();
      from.on('data', (bytes) => {
        for (const frame of frames.add(bytes)) if (!to.write(altered(frame, words))) from.pause();
      });
    }
  });
}

function altered(frame: Buffer, words: Readonly<Record<string, string>>): Buffer {
  for (const [word, other] of Object.entries(words))
    for (let at = frame.indexOf(word); at >= 0; at = frame.indexOf(word, at + 1)) frame.write(other, at);
  return frame;
}

/** Each begins with its length. */
class Frames {
  #waiting: Buffer[] = [];
  #length = 0;

  *add(bytes: Buffer): Generator<Buffer> {
    this.#waiting.push(bytes);
    this.#length += bytes.length;
    if (this.#length < 4 || this.#length < this.#joined(4).readUInt32BE(0)) return;
    let all = this.#joined(this.#length);
    for (;;) {
      const length = all.length < 4 ? Number.POSITIVE_INFINITY : all.readUInt32BE(0);
      if (all.length < length) break;
      yield all.subarray(0, length);
      all = all.subarray(length);
    }
    this.#waiting = [all];
    this.#length = all.length;
  }
  /** At least so many bytes of what waits, in one piece. */
  #joined(bytes: number): Buffer {
    const [first = Buffer.alloc(0)] = this.#waiting;
    return first.length >= bytes ? first : Buffer.concat(this.#waiting);
  }
}
