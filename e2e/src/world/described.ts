// What is to be alike of two trees: each file with its contents, owner, mode, times, links, attributes, lists and capabilities.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Each file of a tree, with all that is to be as it was. */
export function described(root: string): string[] {
  const found = execFileSync('find', [root, '-mindepth', '1', '-printf', '%P|%y|%m|%U|%G|%l|%n|%T@|%s\n'], {
    encoding: 'utf8',
  });
  const lines = found.split('\n').map((line) => {
    const fields = line.split('|');
    const [path = '', kind] = fields;
    // A folder's own length and its links are its file system's.
    if (kind === 'd') fields.splice(6);
    const contents =
      kind === 'f'
        ? createHash('sha256')
            .update(readFileSync(`${root}/${path}`))
            .digest('hex')
        : '';
    return `${fields.join('|')} ${contents}`;
  });
  const capable = execFileSync('getcap', ['-r', root], { encoding: 'utf8' }).replaceAll(root, '');
  const lists = execFileSync(
    'getfattr',
    ['-R', '-h', '-m', '-', '-e', 'hex', '-d', '--absolute-names', root],
    {
      encoding: 'utf8',
    },
  ).replaceAll(root, '');
  return [...lines, ...capable.split('\n'), ...lists.split('\n\n')].sort();
}
