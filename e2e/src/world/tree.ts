// A tree of files in words, to be compared with another.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';

const describe = `
import hashlib, os, stat, sys
root = sys.argv[1]
links = {}
for folder, folders, files in os.walk(root):
  folders.sort()
  for name in sorted(folders + files):
    path = os.path.join(folder, name)
    s = os.lstat(path)
    kind = stat.S_IFMT(s.st_mode)
    said = [os.path.relpath(path, root), oct(s.st_mode), s.st_uid, s.st_gid, s.st_mtime_ns]
    if kind == stat.S_IFREG:
      said += [s.st_size, links.setdefault(s.st_ino, path[len(root):])]
      if s.st_size < 2**20: said.append(hashlib.sha256(open(path, 'rb').read()).hexdigest())
      else: said.append(s.st_blocks < 64)
    if kind == stat.S_IFLNK: said.append(os.readlink(path))
    else:
      for key in sorted(os.listxattr(path)):
        if not key.startswith('trusted.'): said.append((key, os.getxattr(path, key)))
    print(said)
`;

/** A line for each file of a tree, with all that is to be as it was. */
export const describeTree = (root: string): string[] =>
  execFileSync('python3', ['-c', describe, root], { encoding: 'utf8', maxBuffer: 2 ** 26 }).split('\n');
