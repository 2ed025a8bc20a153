// Puts an image right before it is mounted: a host that ran out of space, or lost its power, leaves ext4 with holes.
// SPDX-License-Identifier: Apache-2.0
import { statfs } from 'node:fs/promises';
import { EngineError } from '../../errors.js';
import { errnoInWords, refusalOf } from '../../host/refusal.js';
import { type RunResult, run } from '../../host/run.js';
import type { Superblock } from './superblock.js';

/** e2fsck's status is a sum: what it repaired, what it left, and that it could not do its work. */
const LEFT = 4;
const FAILED = 8;
const ANSWERS = Array.from({ length: 16 }, (_, status) => status);
/** What it says of any file system: its passes, its summary, and that a journal was replayed, as after every crash. */
const SAID_ANYWAY = /^$|^Pass \d|^e2fsck \d|recovering journal$|\d+\/\d+ files \(|FILE SYSTEM WAS MODIFIED/;
const MOST_LINES = 20;
/** What a repair seldom writes more than. */
const MOST_WRITTEN = 1 << 20;

/**
 * Checks an image that nothing has mounted where it says that it needs that; `isWhole` does it anyway. Returns, for the log, what
 * was wrong with it. One without a journal is small and checked each time: the kernel does not note there what it could not write.
 */
export async function checkImage(
  image: string,
  { hasJournal, needsRecovery, hasErrors }: Superblock,
  { isWhole = false } = {},
): Promise<string[]> {
  const force = isWhole || hasErrors || !hasJournal;
  if (!force && !needsRecovery) return [];
  const gentle = await e2fsck(image, ['-p', ...(force ? ['-f'] : [])]);
  if (isDone(gentle)) return gentle.status === 0 ? [] : [remarkOn(image, gentle)];
  // Only so does it take another superblock where the first is broken.
  const thorough = await e2fsck(image, ['-f', '-y']);
  // What it answers itself may be what only the next run meets.
  const last = isDone(thorough) ? thorough : await e2fsck(image, ['-f', '-y']);
  if (!isDone(last)) throw await beyondRepair(image, complaints(image, last));
  return [remarkOn(image, thorough)];
}

const isDone = ({ status }: RunResult): boolean => (status & (LEFT | FAILED)) === 0;

function remarkOn(image: string, result: RunResult): string {
  const found = complaints(image, result);
  return found === ''
    ? `${image} was not closed in order: it has been checked, and nothing is missing in it`
    : `${image} was damaged, as by a full disk of the host or a crash, and has been repaired; files may be lost, others be in lost+found: ${found}`;
}

const e2fsck = (image: string, options: readonly string[]): Promise<RunResult> =>
  run(['/usr/sbin/e2fsck', ...options, image], { allow: ANSWERS });

/** Repairs need blocks of the host, too, and e2fsck does not always say that there are none. */
async function beyondRepair(image: string, output: string): Promise<EngineError> {
  const details = { path: image, stderr: output };
  const { bavail, bsize } = await statfs(image);
  const isFull = errnoInWords(output) === 'ENOSPC' || bavail * bsize < MOST_WRITTEN;
  const refusal = isFull ? refusalOf('ENOSPC', `cannot repair ${image}`, details) : undefined;
  return (
    refusal ??
    new EngineError(
      'host-command',
      `${image} is damaged, and e2fsck cannot repair it: restore it from a copy, or see what \`e2fsck -f ${image}\` leaves of it`,
      details,
    )
  );
}

/** On one line. */
function complaints(image: string, { stdout, stderr }: RunResult): string {
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.replace(`${image}: `, '').trim());
  const told = lines.filter((line) => !SAID_ANYWAY.test(line));
  const more = told.length - MOST_LINES;
  return [...told.slice(0, MOST_LINES), ...(more > 0 ? [`and ${more} lines more`] : [])].join('; ');
}
