// This terminal joined to a session: raw while it lasts, and restored however it ends.
// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { finished } from 'node:stream/promises';
import type { ClientSession } from '@ctvirt/api/node';
import type { Input, Io } from './io.js';

/** How a terminal is joined to a session. */
export interface Attachment {
  /** The other end has a terminal: ours goes raw and tells its size. */
  readonly isTerminal: boolean;
  /** This byte of input leaves the session, which goes on without us: so do the input's end, and a signal to end. */
  readonly detachByte?: number;
}

/** Ctrl and ]: what leaves a console. */
export const escapeByte = 0x1d;

/** How a session was left; the status is the program's, as `exec` answers it. */
export type Ending = { readonly kind: 'exited'; readonly status: number } | { readonly kind: 'detached' };

/** How long a program may take to end of a signal that it was passed. */
const KILL_AFTER_MS = 10_000;
/** How long what answers the last input may take to come: a session that is left says no end of it. */
const LINGER_MS = 1000;

/** Passes input and output until the session ends or the person leaves it. */
export async function attach(session: ClientSession, io: Io, how: Attachment): Promise<Ending> {
  const { stdin, stdout, stderr } = io;
  const isRaw = how.isTerminal && stdin.isTTY === true;
  let detach: (ending: Ending) => void = () => undefined;
  const detached = new Promise<Ending>((resolve) => {
    detach = resolve;
  });

  const onInput = (chunk: Buffer | string) => {
    const bytes = Buffer.from(chunk);
    const at = how.detachByte === undefined ? -1 : bytes.indexOf(how.detachByte);
    const hasRoom = session.stdin.write(at < 0 ? bytes : bytes.subarray(0, at));
    if (at >= 0) detach({ kind: 'detached' });
    else if (!hasRoom) {
      stdin.pause();
      session.stdin.once('drain', () => stdin.resume());
    }
  };
  const isLeft = how.detachByte !== undefined;
  let lingering: NodeJS.Timeout | undefined;
  const onInputEnd = () =>
    session.stdin.end(() => {
      if (isLeft) lingering = setTimeout(() => detach({ kind: 'detached' }), LINGER_MS);
    });
  const onResize = () => {
    const { columns, rows } = sizeOf(io);
    if (columns !== undefined && rows !== undefined) session.resize(columns, rows);
  };
  const onInterrupt = () => session.kill();
  let killTimer: NodeJS.Timeout | undefined;
  const ignore = io.onSignal?.((name) => {
    const isEnd = name !== 'SIGUSR1' && name !== 'SIGUSR2';
    if (isLeft && isEnd) return detach({ kind: 'detached' });
    session.signal(constants.signals[name]);
    if (!isEnd) return;
    // A program may ignore it; nobody waits for it for ever.
    killTimer ??= setTimeout(() => session.kill(), KILL_AFTER_MS).unref();
  });

  if (isRaw) makeRaw(stdin);
  stdin.on('data', onInput).on('end', onInputEnd);
  if (how.isTerminal) stdout.on('resize', onResize);
  io.signal.addEventListener('abort', onInterrupt);
  session.stdout.pipe(stdout, { end: false });
  session.stderr.pipe(stderr, { end: false });
  try {
    const exited = Promise.all([session.exited, finished(session.stdout), finished(session.stderr)]).then(
      ([status]): Ending => ({ kind: 'exited', status }),
    );
    return await Promise.race([exited, detached]);
  } finally {
    io.signal.removeEventListener('abort', onInterrupt);
    clearTimeout(killTimer);
    clearTimeout(lingering);
    ignore?.();
    stdout.off('resize', onResize);
    stdin.off('data', onInput).off('end', onInputEnd);
    if (isRaw) stdin.setRawMode?.(false);
    stdin.pause();
    // A pipe that nobody ends must not keep ctvirt alive.
    stdin.unref?.();
    session.close();
  }
}

/** Both ways: Node leaves the output as it was, and a carriage return would come before each line feed of a program that wants none. */
function makeRaw(stdin: Input): void {
  stdin.setRawMode?.(true);
  if (stdin.fd === undefined) return;
  // Without stty lines only look odd in few programs. Leaving raw mode puts this back, too.
  spawnSync('stty', ['-opost'], { stdio: [stdin.fd, 'ignore', 'ignore'] });
}

/** The size of the terminal people look at, for a session's begin; some terminals say 0 and mean they know none. */
export function sizeOf({ stdout: { columns = 0, rows = 0 } }: Io): { columns?: number; rows?: number } {
  return columns > 0 && rows > 0 ? { columns, rows } : {};
}
