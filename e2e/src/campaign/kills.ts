// Kills of the daemon at random points of its work: no domain lost, no container killed, nothing stray.
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@ctvirt/api';
import { type Belief, Trial } from '../world/trial.js';
import { type Found, type Part, textOfFault } from './part.js';

/** In each of two worlds side by side. */
const worlds = [0, 1];
const wanted = ['define', 'start', 'exec', 'change', 'destroy', 'shutdown', 'undefine', 'import', 'quota'];

export const kills: Part = {
  what: 'kill -9 of the daemon amid define, start, exec, live change, stop, undefine, import, quota',
  long: { count: 1000, minutes: 0 },
  short: { count: 20, minutes: 0 },
  run: async ({ count, seed, note }) => {
    const each = Math.ceil(count / worlds.length);
    const interrupted = new Map<string, number>();
    let done = 0;
    const faults = await Promise.all(
      worlds.map((world) =>
        survive({ kills: each, seed: seed + world, interrupted, onKill: () => note(`${++done} kills`) }),
      ),
    );
    return foundOf({ done, interrupted, faults: faults.flat() });
  },
};

function foundOf(seen: {
  done: number;
  interrupted: ReadonlyMap<string, number>;
  faults: readonly string[];
}): Found {
  const counts = [...seen.interrupted].sort(([a], [b]) => (a < b ? -1 : 1));
  const figures = `interrupted: ${counts.map(([title, times]) => `${title} ${times}`).join(', ') || 'nothing'}`;
  const missing = wanted.filter((title) => !seen.interrupted.has(title));
  // A few kills do not meet everything.
  const unmet = seen.done >= 200 && missing.length > 0 ? [`never interrupted: ${missing.join(', ')}`] : [];
  return { done: `${seen.done} kills`, figures, faults: [...seen.faults, ...unmet] };
}

/** One world, killed so often; returns the faults. */
export async function survive({
  kills: count,
  seed,
  interrupted,
  onKill,
}: {
  kills: number;
  seed: number;
  interrupted: Map<string, number>;
  onKill: () => void;
}): Promise<string[]> {
  const trial = await Trial.open(seed);
  const { world } = trial;
  try {
    for (let kill = 0; kill < count; kill++) {
      await killAmidWork(trial);
      onKill();
    }
    await trial.clear();
    await world.close();
    return [];
  } catch (error) {
    await world.abandon();
    return [`seed ${seed}: ${textOfFault(error)}\n${world.log.slice(-3000)}`];
  } finally {
    for (const [title, times] of trial.interrupted)
      interrupted.set(title, (interrupted.get(title) ?? 0) + times);
  }
}

async function killAmidWork(trial: Trial): Promise<void> {
  const { chance, world } = trial;
  const work = trial.plan().map(async ({ name, step, belief }) => {
    try {
      await step.run(name);
      const processes = step.processes === undefined ? belief.processes : [step.processes];
      trial.believe(name, { conditions: [step.leads], titles: belief.titles.slice(-1), processes });
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'unreachable') throw error;
      trial.interrupted.set(step.title, (trial.interrupted.get(step.title) ?? 0) + 1);
      return false;
    }
  });
  await sleep(chance.next() * trial.reachMs);
  await world.kill();
  trial.aim((await Promise.all(work)).filter((isDone) => isDone).length, work.length);

  // Now and then one ends by itself meanwhile, or the next daemon is killed while it starts.
  const victim = chance.isOnceIn(5) ? trial.endOne() : undefined;
  if (chance.isOnceIn(7)) {
    world.launch();
    await sleep(chance.next() * 600);
    await world.kill();
  }
  await world.start();
  if (victim !== undefined) trial.believe(victim, ended(trial.belief(victim)));
  await trial.assertTrue();
}

const ended = (belief: Belief): Belief => ({
  ...belief,
  conditions: belief.conditions.map((one) => (one === 'running' ? 'off' : one)),
});
