// The one way for a program of ours to get into a container: nothing of the host's is ever visible there, or inherited.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { ExecSession, PassedSignal } from '../contract.js';
import { containerGone, EngineError } from '../errors.js';
import { openSocketPair, receive } from '../host/descriptors.js';
import { isLeaving } from '../host/processes.js';
import { openSlave, type TerminalSize, terminalOf } from '../host/pty.js';
import { guestLimits, INFINITY, type RlimitName, rlimitNames } from '../host/rlimits.js';
import type { Spawned } from '../host/spawn.js';
import { enterBy, type Helped, KILL_ALL, noAccount, onStreams, refuseNul, type Start } from './helper.js';
import { program } from './program.js';
import { memoryOf, packed, requestOf } from './request.js';

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

let programFd: number | undefined;

/** Runs a program inside; resolves once it is there, whether or not it can be found. It ends with its session. */
export async function attach(container: Container, options: AttachOptions): Promise<ExecSession> {
  programFd ??= memoryOf('attach', Buffer.from(program));
  const isPiped = options.terminal === undefined;
  return await enterBy(
    programFd,
    requestTo(container, options),
    (start) => (isPiped ? onStreams(start) : onTerminal(start)),
    (step, errno) => absent(step, errno, options),
  ).catch((error: unknown) => {
    // Whatever the helper stumbled over first.
    throw isLeaving(container.initPid, container.initTicks) ? containerGone() : error;
  });
}

function onTerminal(start: Start): Helped {
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

/** What the container has not, of what was asked for. */
function absent(step: string, errno: string, { user = '', folder }: AttachOptions): EngineError | undefined {
  if (step === 'terminal')
    return new EngineError(
      'host-command',
      errno === 'ENOSPC'
        ? 'no terminal is left: either the container has all of its own in use (end a session of it, or give it more with --numpty), or all containers those of the host (kernel.pty.nr has reached kernel.pty.max less kernel.pty.reserve)'
        : `the container has no terminal to give: /dev/pts/ptmx in it answers ${errno}`,
      { step },
      { errno },
    );
  if (step !== 'program folder') return noAccount(step, errno, user);
  return errno === 'EACCES'
    ? new EngineError(
        'denied',
        `${user === '' ? 'root' : user} may not enter the folder '${folder}' of the container`,
      )
    : new EngineError('not-found', `the container has no folder '${folder}' (${errno})`);
}

function requestTo(container: Container, options: AttachOptions): Buffer {
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
  return requestOf(facts, [
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
