// A container that runs, as liblxc's tools and its control groups know it.
// SPDX-License-Identifier: Apache-2.0
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFrozen, setFrozen } from '../../cgroups/freezer.js';
import type { CgroupLayout } from '../../cgroups/layout.js';
import { EngineError } from '../../errors.js';
import { programPath } from '../../host/processes.js';
import type { EngineLog } from '../../log.js';
import type { Run } from '../driver.js';
import { initSignal } from './init-signals.js';
import type { LxcTools, Running } from './tools.js';

export interface LxcRunParts {
  readonly tools: LxcTools;
  readonly cgroups: CgroupLayout;
  readonly log: EngineLog;
}

export class LxcRun implements Run, Running {
  readonly monitorPid: number;
  readonly initPid: number;
  readonly initTicks: number;
  readonly startedAt: Date;

  constructor(
    /** The container's name for liblxc. */
    readonly name: string,
    running: Running,
    private readonly parts: LxcRunParts,
  ) {
    this.monitorPid = running.monitorPid;
    this.initPid = running.initPid;
    this.initTicks = running.initTicks;
    this.startedAt = running.startedAt;
  }

  /** The monitor's pid, as for libvirt's own LXC driver. */
  get id(): number {
    return this.monitorPid;
  }

  get isFrozen(): boolean {
    return isFrozen(this.parts.cgroups, this.#group);
  }

  watch(onEnd: () => void): Disposable {
    return this.parts.tools.watch(this.name, this, onEnd);
  }

  ask(what: 'poweroff' | 'reboot'): void {
    this.parts.tools.signal(this, initSignal(programPath(this.initPid), what));
  }

  async kill(gone: Promise<void>): Promise<boolean> {
    const { tools, log } = this.parts;
    // The next daemon must know that this end was wanted, should this one be killed in between.
    const intent = join(tools.folder(this.name), INTENT);
    await writeFile(intent, 'destroy').catch((error: unknown) =>
      log('warn', `killing container '${this.name}' all the same: ${String(error)}`),
    );
    try {
      return await tools.end(this.name, this, gone);
    } catch (error) {
      // It goes on, so whoever ends it later is not us.
      await rm(intent, { force: true });
      throw error;
    }
  }

  freeze(): Promise<void> {
    return setFrozen(this.parts.cgroups, this.#group, true);
  }
  thaw(): Promise<void> {
    return setFrozen(this.parts.cgroups, this.#group, false);
  }

  get #group(): string {
    return this.parts.tools.group(this.name);
  }
}

/** Lies in the folder of a run that somebody has begun to kill. */
export const INTENT = 'intent';

/** The processes of a run, for what looks at them; every run of this driver is one of these. */
export function lxcRun(run: Run): LxcRun {
  if (run instanceof LxcRun) return run;
  throw new EngineError('internal', `run ${run.id} is no container's`);
}
