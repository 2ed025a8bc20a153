// Who does not read what is typed at its console keeps liblxc's programs from taking notice of the container's end.
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineLog } from '../../log.js';
import type { Run, Subject } from '../driver.js';
import { isOver, type LxcTools, type Running } from './tools.js';

/** A monitor takes some milliseconds to take notice of an end. */
const LOOK_MS = 1000;
const LOOKS = 3;

/** A run by its container's name for liblxc. */
type Watched = Run & Running & { readonly name: string };

/** Watches the monitors of containers whose console is in use. */
export class ConsoleWatch {
  readonly #closing = new AbortController();
  /** What hangs up the consoles of runs at whose console somebody is or has been. */
  readonly #consoles = new Map<Watched, Set<() => void>>();

  constructor(private readonly parts: { readonly tools: LxcTools; readonly log: EngineLog }) {}

  /**
   * Calls `hangUp` after the end of a run, and returns how not to; the monitor is looked at as long as the run lasts, since what is
   * typed may wait for longer than who typed it.
   */
  watch(subject: Subject, run: Watched, hangUp: () => void): () => void {
    const hangUps = this.#consoles.get(run) ?? this.#begin(subject, run);
    hangUps.add(hangUp);
    return () => hangUps.delete(hangUp);
  }

  close(): void {
    this.#closing.abort();
  }

  #begin(subject: Subject, run: Watched): Set<() => void> {
    const hangUps = new Set<() => void>();
    const { log } = this.parts;
    this.#consoles.set(run, hangUps);
    this.#untilOver(subject, run)
      .catch((error: unknown) => {
        if (this.#closing.signal.aborted) return;
        log('error', `the monitor of domain '${subject.record.name}' is not looked at: ${String(error)}`);
      })
      .finally(() => {
        this.#consoles.delete(run);
        for (const hangUp of hangUps) hangUp();
      });
    return hangUps;
  }

  /** Resolves when the run is over, with or without its monitor. */
  async #untilOver(subject: Subject, run: Watched): Promise<void> {
    const { tools, log } = this.parts;
    const { name } = subject.record;
    for (let seen = 0; subject.running === run; ) {
      await sleep(LOOK_MS, undefined, { ref: false, signal: this.#closing.signal });
      seen = isOver(run) ? seen + 1 : 0;
      if (seen >= LOOKS && tools.endDeafMonitor(run.name, run))
        log(
          'warn',
          `domain '${name}' has ended, and its monitor, which hung in what was typed at its console, was ended, too`,
          { domain: name },
        );
    }
  }
}
