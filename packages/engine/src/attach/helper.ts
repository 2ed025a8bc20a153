// A helper of ours on its way into a container: its text and its request come by descriptors, and it tells when it is inside.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import type { ExecSession, PassedSignal } from '../contract.js';
import { containerGone, EngineError } from '../errors.js';
import { bornAsFirst } from '../host/birth.js';
import { onPipes } from '../host/piped.js';
import { refusalOf } from '../host/refusal.js';
import { type Spawned, spawnProgram } from '../host/spawn.js';
import { openPipe } from '../host/syscalls.js';
import { memoryOf, PERL } from './request.js';

/** What may keep it waiting is the container's doing. */
const ENTER_WAIT_MS = 10_000;
/** What a helper takes for the end of all that runs in the session; other signals it passes on. */
export const KILL_ALL = 'SIGALRM';

/** Starts a helper on three streams; more descriptors of ours are its seventh and those behind it. */
export type Start = (
  stdio: readonly (number | undefined)[],
  ...more: readonly (number | undefined)[]
) => Spawned;
/** A helper, and its session once it is inside. */
export interface Helped {
  readonly helper: Spawned;
  readonly session: (entered: Promise<void>) => Promise<ExecSession>;
}
/** What the container has not of what was asked for, by the step that failed and the errno; undefined for other steps. */
export type Explain = (step: string, errno: string) => EngineError | undefined;

/** The descriptors of a helper behind its streams: its program, its request, and where it tells. */
type Held = readonly [program: number, asked: number, told: number];

/** Of the program that is its fourth descriptor. */
export const spawnHelper = (stdio: readonly (number | undefined)[]): Spawned =>
  spawnProgram([PERL, '/proc/self/fd/3'], { env: {}, stdio: [...stdio] });

/** Has a helper started whose program lies in memory, and returns where it tells beside what `open` does. */
export function begin<T>(
  programFd: number,
  request: Buffer,
  open: (held: Held) => T,
): { readonly opened: T; readonly told: number } {
  const asked = memoryOf('attach request', request);
  const told = openPipe();
  try {
    return { opened: open([programFd, asked, told.write]), told: told.read };
  } catch (error) {
    closeSync(told.read);
    throw error;
  } finally {
    closeSync(asked);
    closeSync(told.write);
  }
}

/** Runs a helper, whose program lies in memory, until it is inside. */
export async function enterBy(
  programFd: number,
  request: Buffer,
  open: (start: Start) => Helped,
  explain: Explain,
): Promise<ExecSession> {
  const { opened, told } = begin(programFd, request, (held) =>
    open((stdio, ...more) => bornAsFirst(() => spawnHelper([...stdio, ...held, ...more]))),
  );
  return await opened.session(enter(opened.helper, told, explain));
}

/** Starts it on pipes. */
export function onStreams(start: Start, ...more: readonly (number | undefined)[]): Helped {
  const { program: helper, stdin, stdout, stderr, leave } = onPipes((stdio) => start(stdio, ...more));
  void helper.ended.then(leave, leave);
  const session = async (entered: Promise<void>): Promise<ExecSession> => {
    try {
      await entered;
    } catch (error) {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
      throw error;
    }
    const kill = (): void => helper.kill(KILL_ALL);
    const signal = (name: PassedSignal): void => helper.kill(name);
    return { stdin, stdout, stderr, exited: helper.ended, resize: () => undefined, signal, kill };
  };
  return { helper, session };
}

/** Resolves when the program is inside; its helper is gone otherwise. */
async function enter(helper: Spawned, fd: number, explain: Explain): Promise<void> {
  const said = await saidOn(fd);
  if (said === 'ok') return;
  // It may still wait for the container; its child ends with it.
  helper.kill('SIGKILL');
  throw said === undefined
    ? tooLate('the program was not inside the container')
    : refused(said, 'the container cannot be entered', explain);
}

/** All that a helper tells; undefined if it takes too long. */
export async function saidOn(fd: number): Promise<string | undefined> {
  const stream = new Socket({ fd, readable: true, writable: false });
  const late = new AbortController();
  let isLate = false;
  void sleep(ENTER_WAIT_MS, undefined, { signal: late.signal, ref: false }).then(
    () => {
      isLate = true;
      stream.destroy();
    },
    () => undefined, // it has told all in time
  );
  let said = '';
  try {
    for await (const chunk of stream.setEncoding('utf8')) said += chunk;
  } catch {
    said = '';
  }
  late.abort();
  return isLate ? undefined : said;
}

/** What was not done in time. */
export const tooLate = (what: string): EngineError =>
  new EngineError('timeout', `${what} after ${ENTER_WAIT_MS / 1000} s: something in there holds it up`);

/** What is wrong, by what a helper said of the step that failed; `what` is what cannot be done then. */
export function refused(said: string, what: string, explain: Explain): EngineError {
  const [errno = '', ...rest] = said.split(' ');
  const step = rest.join(' ');
  if (step === 'gone') return containerGone();
  if (step === '')
    return new EngineError('host-command', `${what}: ${PERL} ended before it was inside the container`);
  const name = errno === '0' ? 'unknown' : getSystemErrorName(-Number(errno));
  const told = `${what}: ${step}`;
  return (
    explain(step, name) ??
    refusalOf(name, told, { step }) ??
    new EngineError('host-command', `${told}: ${name}`, { step }, { errno: name })
  );
}

/** What is wrong with somebody whom the container's own lists are to tell of. */
export function noAccount(step: string, errno: string, user: string): EngineError | undefined {
  if (step === 'account')
    return new EngineError('not-found', `the container has no user '${user}' in its /etc/passwd`);
  if (step === 'accounts')
    return new EngineError(
      'host-command',
      `who '${user}' is cannot be told: /etc/passwd of the container is no file of at most 1 MiB that can be read (${errno})`,
    );
  if (step === 'account ids')
    return new EngineError(
      'invalid',
      `user '${user}' or a group of his has a number that is none of the container's ids`,
    );
  return undefined;
}

/** The kernel takes a word to end there. */
export function refuseNul(words: readonly string[]): void {
  const word = words.find((each) => each.includes('\0'));
  if (word === undefined) return;
  throw new EngineError('invalid', `a word of a program has a NUL in it: ${JSON.stringify(word)}`);
}
