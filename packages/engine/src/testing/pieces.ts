// Bytes as a stream brings them: in pieces that end anywhere.
// SPDX-License-Identifier: Apache-2.0

export async function* inPieces(bytes: Buffer, length = 4096): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}
