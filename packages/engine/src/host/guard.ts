// Holds somebody for a moment by a program of its own, which lets them go on whatever becomes of the daemon.
// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { EngineError } from '../errors.js';
import { onPipes } from './piped.js';
import { hostEnvironment } from './run.js';
import { spawnProgram } from './spawn.js';

/** What is held, and how. */
export interface Guarded {
  /** A descriptor of it, and what is asked of that to hold it and to let it go. */
  readonly file: number;
  readonly how: 'ioctl' | 'write';
  readonly hold: number | string;
  readonly release: number | string;
  /** Once the guard is there: what makes the time of it shorter. */
  readonly before?: () => Promise<void>;
  /** Where the guard itself was killed: nobody else lets them go on. */
  readonly letGo: () => void;
  /** For people. */
  readonly held: string;
  readonly copied: string;
}

/**
 * Its arguments are how, two numbers or words, and a time; what is held is open as 3. It lets go when its input ends or gets a word.
 * A control group that has gone holds nobody.
 */
const guard = `
my ($how, $hold, $release, $seconds) = @ARGV;
$SIG{$_} = 'IGNORE' for qw(HUP INT TERM PIPE);
open my $file, ($how eq 'ioctl' ? '<&=' : '>&='), 3 or exit 2;
sub ask { ($how eq 'ioctl' ? ioctl $file, $_[0], 0 : syswrite $file, $_[0]) or $!{ENODEV} }
syswrite STDOUT, 'r';
sysread STDIN, my $word, 1 or exit 0;
ask($hold) or do { syswrite STDERR, "$!"; exit 1 };
syswrite STDOUT, 'h';
my $set = '';
vec($set, 0, 1) = 1;
my $told = select $set, undef, undef, $seconds;
ask($release) or do { syswrite STDERR, "$!"; exit 4 };
syswrite STDOUT, 'g';
exit($told ? 0 : 3);
`;

/** What the guard says: that it is there, that nobody goes on, and that everybody does again. */
const READY = 'r';
const HELD = 'h';
const GONE_ON = 'g';

/** What comes through its pipe, a letter at a time. */
class Said {
  #text = '';
  #wake = (): void => undefined;
  #isOver = false;

  constructor(stream: Readable, ended: Promise<unknown>) {
    stream.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
      this.#wake();
    });
    stream.once('close', () => void ended.then(() => this.#end()));
  }

  /** False if it ends without. */
  async word(letter: string): Promise<boolean> {
    while (!this.#text.includes(letter) && !this.#isOver)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#text.includes(letter);
  }

  #end(): void {
    this.#isOver = true;
    this.#wake();
  }
}

/** What the guard says by its exit status. */
const TIME_OVER = 3;
const STILL_HELD = 4;

/** Returns for how long they were held, in milliseconds; after the limit they are let go, and this fails. */
export async function whileHeld(
  { file, how, hold, release, before, letGo, held, copied }: Guarded,
  limitMs: number,
  work: () => Promise<void>,
): Promise<number> {
  const seconds = Math.ceil(limitMs / 1000);
  const argv = ['-e', guard, how, hold, release, seconds].map(String);
  const { program, stdin, stdout, stderr } = onPipes((stdio) =>
    spawnProgram(['/usr/bin/perl', ...argv], { env: hostEnvironment, stdio: [...stdio, file] }),
  );
  let complaint = '';
  stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const said = new Said(stdout, program.ended);
  await said.word(READY);
  await before?.().catch((error: unknown) => {
    stdin.end();
    throw error;
  });
  const begun = performance.now();
  stdin.write(HELD);
  const isHeld = await said.word(HELD);
  let heldMs: number;
  try {
    if (isHeld) await work();
  } finally {
    stdin.end();
    const isGone = await said.word(GONE_ON);
    heldMs = performance.now() - begun;
    const status = await program.ended;
    // One that was killed as it held them said nothing of it. Where it was refused somebody else holds them, and goes on.
    if (!isGone && (program.signal !== undefined || status === STILL_HELD)) letGo();
  }
  const status = await program.ended;
  if (!isHeld) throw new EngineError('host-command', `${held} cannot be held: ${complaint}`);
  if (status === TIME_OVER)
    throw new EngineError(
      'timeout',
      `copying ${copied} took longer than the ${seconds} s for which its container may be held: take the snapshot while it is off, or keep roots where files can be cloned (XFS, btrfs)`,
    );
  if (status !== 0)
    throw new EngineError('host-command', `what held ${held} was ended: the copy may not be of one moment`);
  return heldMs;
}
