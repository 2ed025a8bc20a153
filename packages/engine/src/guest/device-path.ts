// Where a device file of the host stands in a container: at the same place below /dev, unless every container has it there.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { isPathIn } from '../host/paths.js';
import { insidePath } from './inside.js';

/** What liblxc puts there. */
const given = new Set(
  ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx'].map((name) => `/dev/${name}`),
);
/** File systems of the container's own. */
const own = ['/dev/pts', '/dev/shm', '/dev/mqueue', '/dev/hugepages'];

/** Undefined where the container has its own; throws for what is no place of a device. */
export function devicePath(path: string): string | undefined {
  const found = insidePath(path);
  if (given.has(found)) return undefined;
  if (found === '/dev' || !isPathIn(found, '/dev') || own.some((folder) => isPathIn(found, folder)))
    throw new EngineError('invalid', `'${path}' is no place of a device: it is a file below /dev`, { path });
  return found;
}
