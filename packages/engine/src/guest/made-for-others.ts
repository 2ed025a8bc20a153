// Makes what a system was given for a machine, or for the kernel of OpenVZ, fit a container here.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync, rmSync, symlinkSync } from 'node:fs';
import { readIn, replace } from './files.js';
import { inFolder } from './identity.js';

const LONGEST = 65_536;

/** Returns what was changed, one sentence each. No link of the tree is followed. */
export async function fitForContainer(path: string): Promise<string[]> {
  const root = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await fitForContainerAt(root);
  } finally {
    closeSync(root);
  }
}

/** The same of a folder that is open. */
export async function fitForContainerAt(root: number): Promise<string[]> {
  const notes: string[] = [];
  await inFolder(root, 'etc', (at, folder) => {
    const small = (name: string) => {
      const found = readIn(folder, name);
      return typeof found === 'object' && found.text.length <= LONGEST ? found : undefined;
    };
    if (small('mtab') !== undefined) {
      rmSync(`${at}/mtab`);
      symlinkSync('../proc/self/mounts', `${at}/mtab`);
      notes.push('/etc/mtab, a list of mounts of where it was made, is a link to /proc/self/mounts');
    }
    const inittab = small('inittab');
    if (inittab === undefined) return;
    const { fitted, changed } = withoutTerminals(inittab.text);
    if (changed === 0) return;
    replace(folder, 'inittab', fitted, inittab);
    notes.push(
      `${changed} lines of /etc/inittab do not start logins any more on terminals that no container has: one is on its console`,
    );
  });
  return notes;
}

const login = /^[^#:]*:[^:]*:respawn:.*getty\b.*$/;
const terminal = /\btty(?:S?\d+)\b/g;

/** A getty without its terminal ends at once, and is started again for ever. */
export function withoutTerminals(text: string): { fitted: string; changed: number } {
  const lines = text.split('\n');
  let hasConsole = lines.some((line) => login.test(line) && /\bconsole\b/.test(line));
  let changed = 0;
  const fitted = lines.map((line) => {
    if (!login.test(line) || line.search(terminal) < 0) return line;
    changed++;
    if (hasConsole) return `#${line}`;
    hasConsole = true;
    return line.replaceAll(terminal, 'console');
  });
  return { fitted: fitted.join('\n'), changed };
}
