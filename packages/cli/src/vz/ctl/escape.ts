// How vzctl's console is left: Esc and a dot at the beginning of a line.
// SPDX-License-Identifier: Apache-2.0
import { Transform } from 'node:stream';
import type { Input } from '../../io.js';

const ESCAPE = 0x1b;
const DOT = 0x2e;
const isEnd = (byte: number | undefined): boolean => byte === 0x0a || byte === 0x0d;

/** Passes bytes on, and in place of the two this one. */
export function escaping(detachByte: number): Transform {
  let isFirst = true;
  let isHeld = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const passed: number[] = [];
      for (const byte of chunk) {
        if (isHeld && byte === DOT) passed.push(detachByte);
        else if (isHeld) passed.push(ESCAPE, byte);
        else if (isFirst && byte === ESCAPE) {
          isHeld = true;
          continue;
        } else passed.push(byte);
        isHeld = false;
        isFirst = isEnd(byte);
      }
      done(null, Buffer.from(passed));
    },
  });
}

/** The same of a terminal, which is still made raw. */
export function escapedInput(input: Input, detachByte: number): Input {
  const escaped = input.pipe(escaping(detachByte));
  return Object.assign(escaped, {
    ...(input.isTTY !== undefined && { isTTY: input.isTTY }),
    ...(input.fd !== undefined && { fd: input.fd }),
    setRawMode: (isRaw: boolean) => input.setRawMode?.(isRaw),
    unref() {
      input.unpipe(escaped);
      input.pause();
      input.unref?.();
    },
  });
}
