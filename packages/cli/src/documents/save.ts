// A file replaced at once or not at all, keeping its mode; a link keeps leading to it.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { chmod, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Writes the text over an existing file; throws the system's error and leaves the file as it was. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const place = await realpath(file);
  const { mode } = await stat(place);
  const draft = join(dirname(place), `.ctvirt-${randomBytes(6).toString('hex')}`);
  try {
    await writeFile(draft, text, { flag: 'wx', mode: 0o600 });
    await chmod(draft, mode & 0o7777);
    await rename(draft, place);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
