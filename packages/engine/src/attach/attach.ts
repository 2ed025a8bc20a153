// The one way for a program of ours to get into a container: nothing of the host's is ever visible there, or inherited.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import type { ExecSession, PassedSignal } from '../contract.js';
import { containerGone, EngineError } from '../errors.js';
import { bornAsFirst } from '../host/birth.js';
import { openSocketPair, receive } from '../host/descriptors.js';
import { onPipes } from '../host/piped.js';
import { hasEnded } from '../host/processes.js';
import { openSlave, type TerminalSize, terminalOf } from '../host/pty.js';
import { refusalOf } from '../host/refusal.js';
import { guestLimits, INFINITY, type RlimitName, rlimitNames } from '../host/rlimits.js';
import { type Spawned, spawnProgram } from '../host/spawn.js';
import { openMemory, openPipe } from '../host/syscalls.js';
import { callNumbers } from './calls.js';
import { program } from './program.js';

/** What to enter, as the host knows it. */
export interface Container {
  readonly initPid: number;
  /** When init started: with its pid that names one process for good. */
  readonly initTicks: number;
  /** Folders of its control groups, and of those of the process that watches it. */
  readonly groups: readonly string[];
  readonly keeperGroups: readonly string[];
  /** What its configuration gives every program. */
  readonly environment: Readonly<Record<string, string>>;
  /** The soft limits that it gives every program, by liblxc's names; what it does not say of one is as in any system. */
  readonly softLimits: ReadonlyMap<string, string>;
  /** Whether the kernel has AppArmor: the program gets the label of init. */
  readonly hasAppArmor: boolean;
  /** Instructions of a seccomp filter for the program, as the kernel takes them. */
  readonly filter?: Uint8Array;
}

/** The program, its environment and its terminal. */
export interface AttachOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variables that go before those of the container, and of the user. */
  readonly given?: Readonly<Record<string, string>> | undefined;
  /** A name or number by the container's own /etc/passwd; root without it. */
  readonly user?: string | undefined;
  /** Where it begins; the user's home without it, or `/` for root. */
  readonly folder?: string | undefined;
  /** On a terminal of the container's own; pipes without it. */
  readonly terminal?: TerminalSize;
}

/** What may keep it waiting is the container's doing. */
const ENTER_WAIT_MS = 10_000;
const PERL = '/usr/bin/perl';
/** What the helper takes for the end of all that runs in the session; other signals it passes on. */
const KILL_ALL = 'SIGALRM';

let programFd: number | undefined;

/** Runs a program inside; resolves once it is there, whether or not it can be found. It ends with its session. */
export async function attach(container: Container, options: AttachOptions): Promise<ExecSession> {
  programFd ??= memoryOf('attach', Buffer.from(program));
  const request = memoryOf('attach request', requestOf(container, options));
  const told = openPipe();
  const start = (stdio: readonly (number | undefined)[], socket?: number): Spawned =>
    bornAsFirst(() =>
      spawnProgram([PERL, '/proc/self/fd/3'], {
        env: {},
        stdio: [...stdio, programFd, request, told.write, socket],
      }),
    );
  let opened: { helper: Spawned; session: (entered: Promise<void>) => Promise<ExecSession> };
  try {
    opened = options.terminal === undefined ? onStreams(start) : onTerminal(start);
  } catch (error) {
    closeSync(told.read);
    throw error;
  } finally {
    closeSync(request);
    closeSync(told.write);
  }
  return await opened.session(
    enter(opened.helper, told.read, options).catch((error: unknown) => {
      // Whatever the helper stumbled over first.
      throw hasEnded(container.initPid, container.initTicks) ? containerGone() : error;
    }),
  );
}

type Start = (stdio: readonly (number | undefined)[], socket?: number) => Spawned;

function onStreams(start: Start) {
  const { program: helper, stdin, stdout, stderr, leave } = onPipes((stdio) => start(stdio));
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

function onTerminal(start: Start) {
  const [ours, theirs] = openSocketPair();
  let helper: Spawned;
  try {
    helper = start([undefined, undefined, undefined], theirs);
  } catch (error) {
    closeSync(ours);
    throw error;
  } finally {
    closeSync(theirs);
  }
  const session = async (entered: Promise<void>): Promise<ExecSession> => {
    let master: number | undefined;
    try {
      await entered;
      master = receive(ours, 1)?.descriptor;
    } finally {
      closeSync(ours);
    }
    if (master === undefined) {
      helper.kill();
      throw new EngineError('internal', 'a program on a terminal has sent none');
    }
    const { stream, resize } = terminalOf(master, openSlave(master), helper.ended);
    const stderr = new PassThrough();
    stderr.end();
    const kill = (): void => {
      helper.kill(KILL_ALL);
      stream.destroy();
    };
    const signal = (name: PassedSignal): void => helper.kill(name);
    return { stdin: stream, stdout: stream, stderr, exited: helper.ended, resize, signal, kill };
  };
  return { helper, session };
}

/** Resolves when the program is inside; its helper is gone otherwise. */
async function enter(helper: Spawned, fd: number, options: AttachOptions): Promise<void> {
  const stream = new Socket({ fd, readable: true, writable: false });
  const late = new AbortController();
  let isLate = false;
  void sleep(ENTER_WAIT_MS, undefined, { signal: late.signal, ref: false }).then(
    () => {
      isLate = true;
      stream.destroy();
    },
    () => undefined, // it is inside in time
  );
  let said = '';
  try {
    for await (const chunk of stream.setEncoding('utf8')) said += chunk;
  } catch {
    said = ''; // too late
  }
  late.abort();
  if (said === 'ok') return;
  // It may still wait for the container; its child ends with it.
  helper.kill('SIGKILL');
  throw isLate ? tooLate() : refused(said, options);
}

const tooLate = (): EngineError =>
  new EngineError(
    'timeout',
    `the program was not inside the container after ${ENTER_WAIT_MS / 1000} s: something in there holds it up`,
  );

/** What the container has not, of what was asked for. */
function absent(step: string, errno: string, { user, folder }: AttachOptions): EngineError | undefined {
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
  if (step !== 'program folder') return undefined;
  return errno === 'EACCES'
    ? new EngineError('denied', `${user ?? 'root'} may not enter the folder '${folder}' of the container`)
    : new EngineError('not-found', `the container has no folder '${folder}' (${errno})`);
}

function refused(said: string, options: AttachOptions): EngineError {
  const [errno = '', ...rest] = said.split(' ');
  const step = rest.join(' ');
  if (step === 'gone') return containerGone();
  if (step === '') return new EngineError('host-command', `${PERL} ended before it was inside the container`);
  const name = errno === '0' ? 'unknown' : getSystemErrorName(-Number(errno));
  const lacking = absent(step, name, options);
  if (lacking !== undefined) return lacking;
  if (step === 'terminal')
    return new EngineError(
      'host-command',
      name === 'ENOSPC'
        ? 'no terminal is left: either the container has all of its own in use (end a session of it, or give it more with --numpty), or all containers those of the host (kernel.pty.nr has reached kernel.pty.max less kernel.pty.reserve)'
        : `the container has no terminal to give: /dev/pts/ptmx in it answers ${name}`,
      { step },
      { errno: name },
    );
  const what = `the container cannot be entered: ${step}`;
  return (
    refusalOf(name, what, { step }) ??
    new EngineError('host-command', `${what}: ${name}`, { step }, { errno: name })
  );
}

function requestOf(container: Container, options: AttachOptions): Buffer {
  const { argv, env, given = {}, terminal, user = '', folder = '' } = options;
  const facts = {
    init: container.initPid,
    daemon: process.pid,
    ticks: container.initTicks,
    apparmor: Number(container.hasAppArmor),
    rows: terminal?.rows ?? 0,
    columns: terminal?.columns ?? 0,
    ptmx: constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK | constants.O_NOFOLLOW,
  };
  const environment = { ...container.environment, container: 'lxc', ...env };
  refuseNul([...argv, ...Object.entries(given).flat(), user, folder]);
  return packed([
    packed(Object.entries(callNumbers()).flat()),
    packed(Object.entries(facts).flat()),
    packed(argv),
    packed(Object.entries(environment).flat()),
    packed(container.groups),
    packed(container.keeperGroups),
    container.filter ?? '',
    softLimitsOf(container),
    packed(Object.entries(given).flat()),
    user,
    folder,
  ]);
}

/** The kernel takes a word to end there. */
function refuseNul(words: readonly string[]): void {
  const word = words.find((each) => each.includes('\0'));
  if (word === undefined) return;
  throw new EngineError('invalid', `a word of a program has a NUL in it: ${JSON.stringify(word)}`);
}

/** A 64-bit number for each of the kernel's limits. */
function softLimitsOf({ softLimits }: Container): Buffer {
  // A run that an earlier daemon started may have less than all.
  let otherwise: ReturnType<typeof guestLimits> | undefined;
  const softOf = (name: RlimitName): bigint => {
    const word = softLimits.get(name);
    if (word === undefined) return (otherwise ??= guestLimits())[name].soft;
    return word === 'unlimited' ? INFINITY : BigInt(word);
  };
  const buffer = Buffer.alloc(8 * rlimitNames.length);
  for (const [at, name] of rlimitNames.entries()) buffer.writeBigUInt64LE(softOf(name), 8 * at);
  return buffer;
}

/** Each behind its length, for perl's unpack. */
function packed(items: readonly (string | number | Uint8Array)[]): Buffer {
  return Buffer.concat(
    items.flatMap((item) => {
      const bytes = Buffer.from(typeof item === 'number' ? String(item) : item);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

function memoryOf(name: string, content: Buffer): number {
  const fd = openMemory(name);
  // At a place, so that whoever reads begins where it begins.
  writeSync(fd, content, 0, content.length, 0);
  return fd;
}
