// A text put into a file: all of it at once or none, and what is no file is written to.
// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import { arrivingFile } from '../arriving-file.js';

/**
 * Writes it to what is called so; a link keeps leading there. Throws the system's error and leaves the file as it was. Returns whether
 * there is a file of it, and not what was there already and takes it, such as a device.
 */
export async function saveText(path: string, text: string, mode: number): Promise<boolean> {
  await using arriving = await arrivingFile(path, { mode, isNamed: true });
  const { file } = arriving;
  if (!arriving.isThere) await file.chmod(mode);
  await file.writeFile(text);
  await arriving.keep();
  return !arriving.isThere;
}

/** Writes it over what is there, whose mode stays. */
export async function replaceText(path: string, text: string): Promise<void> {
  await saveText(path, text, (await stat(path)).mode & 0o7777);
}
