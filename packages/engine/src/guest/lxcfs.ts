// Files of /proc that tell a container its own limits: an lxcfs serves them, for as long as containers have them.
// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asset } from '@ctvirt/api';
import type { DetachedMount } from '../host/mount-calls.js';
import { killIfThere } from '../host/processes.js';
import { LxcfsRecords } from './lxcfs-records.js';
import { LxcfsServer } from './lxcfs-server.js';

/** Dependencies of `Lxcfs`. */
export interface LxcfsParts {
  /** Where it is written down which of them serves what. */
  readonly folder: string;
  /** Empty; private namespaces have their mounts there. */
  readonly mounts: string;
  readonly program?: string;
  readonly log: (level: 'info' | 'warn', message: string) => void;
  /** Takes the files on these devices, which nobody serves any more, out of the containers; returns how many had some. */
  readonly uncover: (devices: ReadonlySet<string>) => Promise<number>;
}

/** How long a start waits for one that is just coming up. */
const START_WAIT_MS = 1000;
const LOOK_MS = 10_000;
/** One that does not come up is not tried at every look. */
const AGAIN_MS = 60_000;

const lost =
  'lxcfs has ended or hangs: containers that run see the memory and processors of the host until they start again';

/** Keeps one lxcfs running, and removes those that hang or have ended. */
export class Lxcfs {
  readonly #program: string;
  readonly #records: LxcfsRecords;
  #server: LxcfsServer | undefined;
  #coming: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #notBeforeMs = 0;
  /** What was said of its absence, so that it is said once. */
  #said: string | undefined;

  constructor(private readonly parts: LxcfsParts) {
    this.#program = parts.program ?? '/usr/bin/lxcfs';
    this.#records = new LxcfsRecords(parts.folder, this.#program);
  }

  /** Starts one, and looks after it, and after those of earlier daemons, until it is closed. */
  open(): void {
    this.#records.prepare();
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
    void this.#look();
  }

  /** What a container that starts now is given, as `viewsAt` names it; nothing where there is no lxcfs, which is logged. */
  async shown(): Promise<DetachedMount | undefined> {
    if (!this.#isUp()) await Promise.race([this.#look(), sleep(START_WAIT_MS, undefined, { ref: false })]);
    return this.#isUp() ? this.#server?.shown() : undefined;
  }

  /** Lets go of it: it ends with the last container that has its files. */
  async close({ isUsed }: { isUsed: boolean }): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#coming;
    this.#letGo();
    // By themselves they would take some seconds more.
    if (!isUsed) for (const one of this.#records.all()) await this.#records.end(one);
    for (const one of this.#records.all()) if (one.state === 'gone') this.#records.remove(one.device);
  }

  /** What the host holds of it, which is no mount; one that hangs is a stray. */
  assets(): (Asset & { readonly remove: () => void })[] {
    return this.#records
      .all()
      .filter(({ state }) => state !== 'gone')
      .map(({ pid, state }) => ({
        kind: 'process' as const,
        what: `lxcfs (${pid})`,
        owner: state === 'up' ? 'daemon' : null,
        remove: () => killIfThere(pid),
      }));
  }

  #isUp(): boolean {
    return this.#server?.isUp === true;
  }

  #look(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#coming ??= this.#ensure()
      .catch((error: unknown) => this.#say(`lxcfs cannot be started: ${String(error)}`))
      .finally(() => (this.#coming = undefined));
    return this.#coming;
  }

  async #ensure(): Promise<void> {
    await this.#clearDead();
    if (this.#server !== undefined) return;
    if (!existsSync(this.#program))
      return this.#say("containers see the host's memory and processors: install Debian's package lxcfs");
    if (performance.now() < this.#notBeforeMs) return;
    this.#notBeforeMs = performance.now() + AGAIN_MS;
    let server: LxcfsServer;
    try {
      server = await LxcfsServer.start(this.#program, this.parts.mounts);
    } catch (error) {
      return this.#say(`containers see the host's memory and processors: ${String(error)}`);
    }
    this.#records.add(server.device, server.pid);
    this.#server = server;
    this.#notBeforeMs = performance.now() + LOOK_MS;
    void server.ended.then(() => this.#look());
    if (this.#said !== undefined) this.parts.log('info', 'lxcfs serves containers that start from now on');
    this.#said = undefined;
  }

  /** Ends those that hang; what nobody serves any more is taken out of the containers. */
  async #clearDead(): Promise<void> {
    const dead = new Set<string>();
    const own = this.#server;
    if (own !== undefined && !own.isUp) {
      this.#say(lost);
      this.#letGo();
      await own.kill();
      dead.add(own.device);
    }
    for (const one of this.#records.all()) {
      if (one.state === 'up') continue;
      await this.#records.end(one);
      dead.add(one.device);
    }
    if (dead.size === 0) return;
    // One of an earlier daemon that no container has any more has ended as it should.
    if ((await this.parts.uncover(dead)) > 0) this.#say(lost);
    for (const device of dead) this.#records.remove(device);
  }

  #letGo(): void {
    this.#server?.[Symbol.dispose]();
    this.#server = undefined;
  }

  #say(message: string): void {
    if (message === this.#said) return;
    this.#said = message;
    this.parts.log('warn', message);
  }
}
