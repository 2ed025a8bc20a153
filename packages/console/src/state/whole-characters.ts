// Bytes of a terminal cut where a character ends: xterm 6.0.0 loses one that is cut after a byte 0x80, such as a dash.
// SPDX-License-Identifier: Apache-2.0

/** What is not whole yet waits for the rest of it. */
export class WholeCharacters {
  #begun = new Uint8Array();

  /** What is whole with these bytes. */
  take(bytes: Uint8Array): Uint8Array {
    const all = new Uint8Array(this.#begun.length + bytes.length);
    all.set(this.#begun);
    all.set(bytes, this.#begun.length);
    const end = all.length - begunAtEnd(all);
    this.#begun = all.slice(end);
    return all.subarray(0, end);
  }
}

/** So many bytes begin a character at the end of these, and are not all of it. */
function begunAtEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= 3; back++) {
    const length = lengthOf(bytes[bytes.length - back] ?? 0);
    if (length !== undefined) return length > back ? back : 0;
  }
  return 0;
}

/** Of the character that begins with this byte; undefined within one. */
function lengthOf(byte: number): number | undefined {
  if (byte >= 0x80 && byte < 0xc0) return undefined;
  if (byte < 0xc0 || byte >= 0xf8) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}
