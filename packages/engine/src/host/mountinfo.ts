// The mounts of a process's namespace, as its mountinfo lists them.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { isErrno, isGone } from './gone.js';
import { isPathIn } from './paths.js';

/** One line of mountinfo. */
export interface MountEntry {
  readonly id: number;
  /** The mount that it is mounted on. */
  readonly parent: number;
  /** `major:minor` of the file system. */
  readonly device: string;
  /** What of the file system is mounted: a path in it. */
  readonly root: string;
  readonly target: string;
  readonly type: string;
  readonly source: string;
  /** Of this mount, not of its file system. */
  readonly options: readonly string[];
  /** Whether what is mounted or unmounted on it where it was copied from is here too. */
  readonly follows: boolean;
}

/** In the order in which they were mounted. */
export const mounts = (): MountEntry[] => parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));

/** Those a process sees, as it names them; none if it has ended. */
export function mountsOf(pid: number | 'self'): MountEntry[] {
  try {
    return parseMounts(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  } catch (error) {
    // Of one that has ended and is not yet taken notice of, the kernel says EINVAL.
    if (isGone(error) || isErrno(error, 'EINVAL')) return [];
    throw error;
  }
}

/** Lines of `ID PARENT DEVICE ROOT TARGET OPTIONS PROPAGATION… - TYPE SOURCE OPTIONS`. */
export function parseMounts(text: string): MountEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const words = line.split(' ');
      const [id, parent, device = '', root = '', target = '', options = ''] = words;
      const end = words.indexOf('-', 6);
      return {
        id: Number(id),
        parent: Number(parent),
        device,
        root: unescapeOctal(root),
        target: unescapeOctal(target),
        type: words[end + 1] ?? '',
        source: unescapeOctal(words[end + 2] ?? ''),
        options: options.split(','),
        follows: words.slice(6, end).some((word) => word.startsWith('master:')),
      };
    });
}

/** The mounts at `folder` and below, the last one first: in that order they can be detached. */
export function mountsBelow(folder: string): MountEntry[] {
  return mounts()
    .filter(({ target }) => isPathIn(target, folder))
    .reverse();
}

/** The mount that a path, free of links, lies on. */
export function mountAt(path: string): MountEntry | undefined {
  const above = mounts().filter(({ target }) => isPathIn(path, target));
  // Of those at the longest target the last one hides the others.
  return above.reduce<MountEntry | undefined>(
    (best, entry) => (best === undefined || entry.target.length >= best.target.length ? entry : best),
    undefined,
  );
}

function unescapeOctal(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
