// Takes the root out of an archive that has it in a folder, as images of Incus and LXD do.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from '../archive/errors.js';
import { show } from '../archive/tar-header.js';
import type { TarReader } from '../archive/tar-reader.js';
import { endOfArchive, memberBlocks } from '../archive/tar-write.js';

const FOLDER = 'rootfs';

/** An archive of the root alone, for the ordinary inspection; device nodes are no part of it. */
export async function* nestedRoot(archive: TarReader): AsyncGenerator<Buffer> {
  for await (const { parts, member, data } of archive.members()) {
    const [top, ...below] = parts;
    if (top !== FOLDER || member === undefined) continue;
    const inner = { ...member, path: below.join('/') };
    if (member.kind === 'hardlink') {
      const [targetTop, ...target] = (member.target ?? '').split('/');
      if (targetTop !== FOLDER)
        throw refuse('link-target', `hard link ${show(member.path)} leads out of ${FOLDER}`);
      inner.target = target.join('/');
    }
    yield* memberBlocks(inner, data);
  }
  yield endOfArchive();
}
