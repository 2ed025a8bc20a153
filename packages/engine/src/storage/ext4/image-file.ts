// What an ext4 file system lies in, as far as its size goes: a file of the host, or something like one.
// SPDX-License-Identifier: Apache-2.0
import { stat, truncate } from 'node:fs/promises';

export interface ImageFile {
  readonly path: string;
  size(): Promise<number>;
  /** To no less than asked for; a device that is over it follows by itself or is told. */
  resize(bytes: number): Promise<void>;
  /** What it will have if it is asked to have so many. */
  rounded(bytes: number): Promise<number>;
}

export const imageFile = (path: string): ImageFile => ({
  path,
  size: async () => (await stat(path)).size,
  resize: (bytes) => truncate(path, bytes),
  rounded: async (bytes) => bytes,
});
