// Holds the writers of a mounted file system: by a guard of its own, which lets them go on whatever becomes of the daemon.
// SPDX-License-Identifier: Apache-2.0

import { closeSync, constants, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { EngineError, errnoOf } from '../../errors.js';
import { onPipes } from '../../host/piped.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import { hostEnvironment } from '../../host/run.js';
import { spawnProgram } from '../../host/spawn.js';
import { ioctlNumber } from '../../host/syscalls.js';

const FIFREEZE = 0xc0045877;
const FITHAW = 0xc0045878;

/** A file system that is mounted among mounts of the moment. */
export interface Mounted {
  readonly mounts: PrivateMounts;
  readonly folder: string;
  /** For people. */
  readonly path: string;
}

/** Its arguments are two numbers of the kernel's and a time; the file system is open as 3. It thaws when its input ends or gets a word. */
const guard = `
my ($freeze, $thaw, $seconds) = @ARGV;
$SIG{$_} = 'IGNORE' for qw(HUP INT TERM PIPE);
open my $disk, '<&=', 3 or exit 2;
syswrite STDOUT, 'r';
sysread STDIN, my $word, 1 or exit 0;
ioctl $disk, $freeze, 0 or do { syswrite STDERR, "$!"; exit 1 };
syswrite STDOUT, 'f';
my $set = '';
vec($set, 0, 1) = 1;
my $told = select $set, undef, undef, $seconds;
ioctl $disk, $thaw, 0 or do { syswrite STDERR, "$!"; exit 4 };
syswrite STDOUT, 't';
exit($told ? 0 : 3);
`;

/** What the guard says: that it is there, that nobody can write, and that everybody can again. */
const READY = 'r';
const FROZEN = 'f';
const THAWED = 't';

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

/** Returns for how long nothing could be written, in milliseconds; after the limit it is let go, and this fails. */
export async function whileFrozen(
  { mounts, folder, path }: Mounted,
  limitMs: number,
  work: () => Promise<void>,
): Promise<number> {
  const disk = mounts.within(() => openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY));
  const argv = ['/usr/bin/perl', '-e', guard, FIFREEZE, FITHAW, Math.ceil(limitMs / 1000)].map(String);
  const [file = '', ...rest] = argv;
  try {
    const { program, stdin, stdout, stderr } = onPipes((stdio) =>
      spawnProgram([file, ...rest], { env: hostEnvironment, stdio: [...stdio, disk] }),
    );
    let complaint = '';
    stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    const said = new Said(stdout, program.ended);
    await said.word(READY);
    // What is in memory alone is written before anybody waits for it.
    await mounts.run(['/bin/sync', '-f', '--', folder]).catch((error: unknown) => {
      stdin.end();
      throw error;
    });
    const begun = performance.now();
    stdin.write(FROZEN);
    const isFrozen = await said.word(FROZEN);
    let heldMs: number;
    try {
      if (isFrozen) await work();
    } finally {
      stdin.end();
      const isThawed = await said.word(THAWED);
      heldMs = performance.now() - begun;
      // The guard itself was killed: nobody else lets them go on.
      if (isFrozen && !isThawed) thawOpen(disk, path);
    }
    const status = await program.ended;
    if (!isFrozen)
      throw new EngineError('host-command', `the file system of ${path} cannot be held: ${complaint}`, {
        path,
      });
    if (status === TIME_OVER)
      throw new EngineError(
        'timeout',
        `copying ${path} took longer than the ${Math.ceil(limitMs / 1000)} s for which its container may be held: take the snapshot while it is off, or keep roots where files can be cloned (XFS, btrfs)`,
        { path },
      );
    if (status !== 0)
      throw new EngineError(
        'host-command',
        `what held ${path} was ended: the copy may not be of one moment`,
        {
          path,
        },
      );
    return heldMs;
  } finally {
    closeSync(disk);
  }
}

/** Lets writers go on whom a killed daemon's guard, killed with it, holds still; returns whether somebody did. */
export function thaw({ mounts, folder, path }: Mounted): boolean {
  const disk = mounts.within(() => openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY));
  try {
    return thawOpen(disk, path);
  } finally {
    closeSync(disk);
  }
}

function thawOpen(disk: number, path: string): boolean {
  try {
    ioctlNumber(disk, FITHAW, 0, path);
    return true;
  } catch (error) {
    // It is not frozen.
    if (errnoOf(error) === 'EINVAL') return false;
    throw error;
  }
}
