// A tree as it stands, file by file: names, kinds, owners, modes, times and contents, to compare before and after.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** One line for each entry, the folder itself first; a change of anything but the time of last access shows. */
export function listing(folder: string, path = '.'): string[] {
  const place = join(folder, path);
  const stats = lstatSync(place, { bigint: true });
  const { uid, gid, mode, mtimeNs, ctimeNs, rdev, nlink } = stats;
  const line = [
    path,
    mode.toString(8),
    uid,
    gid,
    nlink,
    rdev,
    mtimeNs,
    ctimeNs,
    contentOf(place, stats),
  ].join(' ');
  if (!stats.isDirectory()) return [line];
  return [
    line,
    ...readdirSync(place)
      .sort()
      .flatMap((name) => listing(folder, join(path, name))),
  ];
}

function contentOf(place: string, stats: BigIntStats): string {
  if (stats.isSymbolicLink()) return readlinkSync(place);
  if (!stats.isFile()) return '';
  return createHash('sha256').update(readFileSync(place)).digest('hex');
}
