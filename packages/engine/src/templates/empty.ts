// The template with nothing in it: below a root whose files are all a container's own.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { endOfArchive, type Member, memberHeader } from './archive/tar-write.js';

/** Its usual name. */
export const EMPTY = 'empty';

const folder = (path: string, mode: number): Member => ({
  kind: 'directory',
  path,
  mode,
  uid: 0,
  gid: 0,
  mtime: 0,
  size: 0,
});

/** The same bytes everywhere, and so the same digest. */
export const emptyArchive: Buffer = Buffer.concat([
  ...['', 'dev', 'proc', 'sys'].map((path) => memberHeader(folder(path, 0o755))),
  endOfArchive(),
]);

/** By this it is known. */
export const emptyDigest = `sha256:${createHash('sha256').update(emptyArchive).digest('hex')}`;
