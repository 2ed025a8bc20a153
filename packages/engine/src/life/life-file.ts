// What happened to one domain, a line each, in a file that is bounded: a full one becomes the one before, which is replaced.
// SPDX-License-Identifier: Apache-2.0
import { constants, readFileSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { unlessGone } from '../host/gone.js';

/** Of each of the two files: some six hundred lines. */
const MOST_BYTES = 128 * 1024;
const NEWLINE = 0x0a;
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;

export class LifeFile {
  constructor(private readonly path: string) {}

  /** All of them or none; a last line that an earlier daemon has not written to its end stays one of its own. Nothing waits for the disk. */
  async append(lines: readonly string[]): Promise<void> {
    const file = await open(this.path, FLAGS, 0o600);
    try {
      const { size } = await file.stat();
      const begin = size > 0 && !(await endsLine(file, size)) ? '\n' : '';
      const bytes = Buffer.from(`${begin}${lines.join('\n')}\n`);
      await writeWhole(file, bytes, size);
      if (size + bytes.length >= MOST_BYTES) renameSync(this.path, this.#before);
    } finally {
      await file.close();
    }
  }

  /** The oldest first. */
  read(): string[] {
    // First the newer one: it may become the one before meanwhile, and is read twice then instead of not at all.
    const newer = unlessGone(() => readFileSync(this.path, 'utf8')) ?? '';
    const older = unlessGone(() => readFileSync(this.#before, 'utf8')) ?? '';
    return `${older}\n${newer}`.split('\n').filter((line) => line !== '');
  }

  remove(): void {
    for (const path of [this.path, this.#before]) rmSync(path, { force: true });
  }

  get #before(): string {
    return `${this.path}.1`;
  }
}

async function endsLine(file: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === NEWLINE;
}

async function writeWhole(file: FileHandle, bytes: Buffer, size: number): Promise<void> {
  try {
    await file.writeFile(bytes);
  } catch (error) {
    // What there was room for is written again with the rest.
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
}
