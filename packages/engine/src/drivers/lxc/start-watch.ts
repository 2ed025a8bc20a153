// Looks after one lxc-start: what would let it wait for ever is seen, and it is ended.
// SPDX-License-Identifier: Apache-2.0
import { childrenOf, isZombie, killIfThere } from '../../host/processes.js';
import type { Spawned } from '../../host/spawn.js';
import { holds, socketsAt } from './command-socket.js';

/** The start to watch. */
export interface WatchedStart {
  /** Of the monitor's command socket. */
  readonly address: string;
  /** lxc-start, if this daemon has started it. */
  readonly starter?: Spawned;
  /** Pid of the monitor once there is one. */
  readonly monitor: () => number | undefined;
  readonly limitMs: number;
}

/**
 * `stillborn`: liblxc's monitor waits for its child's word, and waits for ever if that is killed before it runs init, since it
 * holds the other end of their socket itself. `squatted`: lxc-start waits for an answer from somebody who has taken the name of
 * the command socket before. `late`: whatever else it may be.
 */
export type StartFault = 'stillborn' | 'squatted' | 'late';

const LOOK_MS = 500;
/**
 * What is seen so often is so for long: of any other child that has ended the monitor takes notice itself, and a process with
 * the socket may be between two forks.
 */
const TIMES = { dead: 3, foreign: 2 } as const;

/** Checks a start at intervals until it is disposed. */
export class StartWatch implements Disposable {
  #fault: StartFault | undefined;
  readonly #seen = { dead: 0, foreign: 0 };
  readonly #timer: NodeJS.Timeout;
  readonly #beganMs = performance.now();

  constructor(private readonly start: WatchedStart) {
    this.#timer = setInterval(() => this.#lookIfPossible(), LOOK_MS);
  }

  get fault(): StartFault | undefined {
    return this.#fault;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Without descriptors nobody is taken for dead, nor for a stranger, and the time limit holds all the same. */
  #lookIfPossible(): void {
    try {
      this.#look();
    } catch {
      if (performance.now() - this.#beganMs > this.start.limitMs) this.#end('late', undefined);
    }
  }

  #look(): void {
    const monitor = this.start.monitor();
    const dead = monitor === undefined ? undefined : childrenOf(monitor).find(isZombie);
    this.#seen.dead = dead === undefined ? 0 : this.#seen.dead + 1;
    this.#seen.foreign = this.#isSocketForeign(monitor) ? this.#seen.foreign + 1 : 0;
    if (this.#seen.dead === TIMES.dead) this.#end('stillborn', monitor);
    else if (this.#seen.foreign === TIMES.foreign) this.#end('squatted', monitor);
    else if (performance.now() - this.#beganMs > this.start.limitMs) this.#end('late', monitor);
  }

  /** Whether the socket's name is taken, but by none of those who should have it. */
  #isSocketForeign(monitor: number | undefined): boolean {
    const { starter } = this.start;
    if (starter?.isOurs !== true) return false;
    const sockets = socketsAt(this.start.address);
    const own = [starter.pid, ...childrenOf(starter.pid), ...(monitor === undefined ? [] : [monitor])];
    return sockets.size > 0 && !own.some((pid) => holds(pid, sockets));
  }

  /** Without the monitor lxc-start ends by itself, and says that it failed. */
  #end(fault: StartFault, monitor: number | undefined): void {
    this.#fault ??= fault;
    if (monitor !== undefined) killIfThere(monitor);
    if (fault !== 'stillborn' && this.start.starter?.isOurs === true) killIfThere(this.start.starter.pid);
  }
}
