// What an errno of the host means to whoever asked the engine: the one table from the kernel's numbers to code and advice.
// SPDX-License-Identifier: Apache-2.0
import { type Details, EngineError } from '../errors.js';

/** The codes of what every part of the host may answer. */
type RefusalCode = 'no-space' | 'over-quota' | 'denied' | 'busy';

interface Refusal {
  readonly code: RefusalCode;
  /** As libc words it, so that it is also found in what programs of the host complain of. */
  readonly words: string;
  readonly next: string;
}

const rights =
  'ctvirtd needs the rights of root there: see the owner and mode, attributes (lsattr) and the log of the security module';

const refusals: Readonly<Record<string, Refusal>> = {
  ENOSPC: {
    code: 'no-space',
    words: 'No space left on device',
    next: 'free some space there (df and df -i tell what is used up), then try again',
  },
  EDQUOT: {
    code: 'over-quota',
    words: 'Disk quota exceeded',
    next: 'raise the quota of that file system or free some space there, then try again',
  },
  EFBIG: {
    code: 'no-space',
    words: 'File too large',
    next: 'ask for less: the file system there holds no file of that size',
  },
  EROFS: {
    code: 'denied',
    words: 'Read-only file system',
    next: 'mount it read-write (after errors, check it first), then try again',
  },
  EACCES: { code: 'denied', words: 'Permission denied', next: rights },
  EPERM: { code: 'denied', words: 'Operation not permitted', next: rights },
  EMFILE: {
    code: 'busy',
    words: 'Too many open files',
    next: 'raise the limit of open files of ctvirtd (LimitNOFILE=), then try again',
  },
  ENFILE: {
    code: 'busy',
    words: 'Too many open files in system',
    next: 'raise fs.file-max, then try again',
  },
};

/** The states of a file system that every program complains of in these words, and that are nobody's fault but the disk's. */
const ofDisks = ['ENOSPC', 'EDQUOT', 'EROFS'] as const;

/** The error for an errno with a meaning of its own; undefined for the others, which need their caller's words. */
export function refusalOf(
  errno: string,
  what: string,
  details: Details[RefusalCode] = {},
  options?: { cause?: unknown },
): EngineError | undefined {
  const found = refusals[errno];
  if (found === undefined) return undefined;
  const { code, words, next } = found;
  return new EngineError(code, `${what}: ${words}; ${next}`, details, { ...options, errno });
}

/** The errno of a full or read-only disk behind a program's complaint, if it is about one: those written in Go begin it in small, and tar has words of its own. */
export function errnoInWords(complaint: string): string | undefined {
  // Of the file that still fitted in part.
  if (/Wrote only \d+ of \d+ bytes/.test(complaint)) return 'ENOSPC';
  const said = complaint.toLowerCase();
  return ofDisks.find((errno) => said.includes((refusals[errno]?.words ?? errno).toLowerCase()));
}
