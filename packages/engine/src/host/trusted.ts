// Whether only root can change what lies at a path: what the daemon obeys, it reads from nowhere else.
// SPDX-License-Identifier: Apache-2.0
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EngineError } from '../errors.js';

const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_OTHERS = 0o002;
const STICKY = 0o1000;
/** As many as the kernel follows. */
const mostLinks = 40;

/**
 * Refuses a path that others than root could change or replace, at its end or on the way. What is not there yet is left to its
 * maker, who asks again afterwards: in a folder such as /tmp somebody else may have been first.
 */
export function requireTrusted(path: string, wayOut = 'name another'): void {
  let wanted = resolve(path);
  for (let links = 0; links <= mostLinks; links++) {
    const next = walk(wanted, wayOut);
    if (next === undefined) return;
    wanted = next;
  }
  throw new EngineError('invalid', `${path} leads through too many links`, { path });
}

/** Looks at each part down to the first link, and returns the path with that link followed; undefined at its end. */
function walk(whole: string, wayOut: string): string | undefined {
  const names = whole.split('/').filter((name) => name !== '');
  for (let count = 0; count <= names.length; count++) {
    const at = `/${names.slice(0, count).join('/')}`;
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    refuseForeign(at, found, { isEnd: count === names.length, wayOut });
    if (found.isSymbolicLink()) return resolve(dirname(at), readlinkSync(at), ...names.slice(count));
  }
  return undefined;
}

function refuseForeign(path: string, found: Stats, how: { isEnd: boolean; wayOut: string }): void {
  const { uid, gid, mode } = found;
  const isWritable =
    !found.isSymbolicLink() &&
    ((mode & WRITABLE_BY_OTHERS) !== 0 || ((mode & WRITABLE_BY_GROUP) !== 0 && gid !== 0));
  // In such a folder nobody replaces what is root's own, and that is looked at next.
  const isShared = found.isDirectory() && (mode & STICKY) !== 0 && !how.isEnd;
  if (uid === 0 && (!isWritable || isShared)) return;
  const bits = (mode & 0o7777).toString(8).padStart(4, '0');
  throw new EngineError(
    'denied',
    `${path} can be changed by others than root (owner ${uid}, group ${gid}, mode ${bits}), and ctvirtd would obey them: ` +
      `see who put it there, then chown -h root:root ${path} && chmod go-w ${path}, or ${how.wayOut}`,
    { path, uid, gid, mode: bits },
  );
}
