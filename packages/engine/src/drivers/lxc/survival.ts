// Whom the kernel ends first when the host runs out of memory: not those who hold no more than they were promised.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { keyed } from '../../cgroups/keyed.js';
import { type CgroupLayout, processesIn, readNumber } from '../../cgroups/layout.js';
import { guestOomScore, ownOomScore } from '../../host/birth.js';
import { isSliceOver, nextSlice } from '../../slices.js';
import type { Run } from '../driver.js';
import { Rounds } from './rounds.js';
import { type LxcRun, lxcRun } from './run.js';

/** Dependencies of `Survival`. */
export interface SurvivalParts {
  readonly cgroups: CgroupLayout;
  /** What runs, and the memory and swap below which nothing of it is to be killed. */
  readonly running: () => Promise<readonly { readonly run: Run; readonly survivalBytes: number }[]>;
  readonly log: (level: 'warn', message: string, fields: Record<string, unknown>) => void;
}

const LOOK_MS = 5000;
/** Added to the score by which the kernel chooses; a thousand stands for all of the host's memory. */
const BEYOND = 500;
const WORST = 1000;

/**
 * OOMGUARPAGES in both cgroup worlds. Raising the score of the others needs no privilege, where lowering that of the promised
 * would. As long as nobody is promised anything, all scores stay what they are.
 */
export class Survival {
  /** What a container's processes begin with. */
  readonly #own = guestOomScore(ownOomScore());
  /** Runs that have it, now that nobody is promised anything. */
  readonly #restored = new WeakSet<Run>();
  readonly #rounds: Rounds;

  constructor(private readonly parts: SurvivalParts) {
    this.#rounds = new Rounds({
      everyMs: LOOK_MS,
      round: () => this.#look(),
      failed: (error) =>
        parts.log('warn', `who survives a shortage of memory is not settled: ${String(error)}`, {}),
    });
  }

  open(): void {
    this.#rounds.open();
  }

  close(): void {
    this.#rounds.close();
  }

  async #look(): Promise<void> {
    const all = await this.parts.running();
    const isAnyPromised = all.some(({ survivalBytes }) => survivalBytes > 0);
    for (const { run, survivalBytes } of all) {
      if (isSliceOver()) await nextSlice();
      if (!isAnyPromised && this.#restored.has(run)) continue;
      const isBeyond = isAnyPromised && this.#memoryOf(lxcRun(run).group) > survivalBytes;
      await this.#settle(lxcRun(run), isBeyond ? Math.min(WORST, this.#own + BEYOND) : this.#own);
      if (isAnyPromised) this.#restored.delete(run);
      else this.#restored.add(run);
    }
  }

  /** Every process that comes later has the score of its parent. */
  async #settle({ initPid, group }: LxcRun, score: number): Promise<void> {
    if (scoreOf(initPid) === score) return;
    for (const pid of await processesIn(this.parts.cgroups.path('memory', group))) {
      try {
        writeFileSync(`/proc/${pid}/oom_score_adj`, String(score));
      } catch {
        // It has ended, or chose a score that this daemon may not lower.
      }
    }
  }

  /** Without what can be read again from disk: that is let go before anybody is ended. */
  #memoryOf(group: string): number {
    const folder = this.parts.cgroups.path('memory', group);
    let stat: string;
    try {
      stat = readFileSync(`${folder}/memory.stat`, 'utf8');
    } catch {
      return 0; // it ends just now
    }
    const value = keyed(stat);
    return this.parts.cgroups.version === 2
      ? (value('anon') ?? 0) + (value('shmem') ?? 0) + (readNumber(`${folder}/memory.swap.current`) ?? 0)
      : (value('total_rss') ?? 0) + (value('total_shmem') ?? 0) + (value('total_swap') ?? 0);
  }
}

function scoreOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
  } catch {
    return undefined; // it has ended
  }
}
