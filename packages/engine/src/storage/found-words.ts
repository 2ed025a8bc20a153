// What a program of the host says of files, as words that end with a zero.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { type Piped, spawnPiped } from '../host/piped.js';
import { hostEnvironment } from '../host/run.js';
import { isVanished } from '../host/vanished.js';

/** Starts it where it finds the files. */
export type Within = (start: () => Piped) => Piped;

/** Bytes are a character each. It may be more than is kept of other programs, and what goes meanwhile is no failure. */
export async function foundWords(
  argv: readonly [string, ...string[]],
  { input = '', within = (start) => start() }: { readonly input?: string; readonly within?: Within } = {},
): Promise<string[]> {
  const { program, stdin, stdout, stderr, read } = within(() =>
    spawnPiped(argv, { env: { ...hostEnvironment, LC_ALL: 'C' } }),
  );
  const chunks: Buffer[] = [];
  let complaint = '';
  stdout.on('data', (chunk: Buffer) => void chunks.push(chunk));
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  stdin.end(Buffer.from(input, 'latin1'));
  const [status] = await Promise.all([program.ended, read]);
  if (status !== 0 && !isVanished(complaint))
    throw new EngineError(
      'host-command',
      `${argv[0]} ended with status ${status}: ${complaint.slice(-1000)}`,
      { argv, status },
    );
  return Buffer.concat(chunks).toString('latin1').split('\0').slice(0, -1);
}
