// A daemon that can be trusted: killed again and again in the middle of its work, it finds every domain in its true state.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@ctvirt/api';
import { seed } from './chance.js';
import { type Belief, Trial } from './trial.js';

/** In each of two worlds side by side; `CTVIRT_KILLS` asks for more, to look for what is rare. */
const kills = Number(process.env['CTVIRT_KILLS'] ?? 200) / 2;
describe(`${2 * kills} kills in the middle of define, start, stop and undefine (CTVIRT_SEED=${seed})`, {
  concurrency: true,
}, () => {
  for (const half of [0, 1]) test(`world ${half + 1}: ${kills} kills`, () => survive(seed + half));
});

async function survive(ownSeed: number): Promise<void> {
  const trial = await Trial.open(ownSeed);
  const { world, interrupted } = trial;
  try {
    for (let kill = 0; kill < kills; kill++) await killAmidWork(trial);
    for (const title of ['define', 'start', 'destroy', 'shutdown', 'undefine'])
      assert.ok((interrupted.get(title) ?? 0) > 0, `no ${title} was interrupted: more kills are needed`);
    await trial.clear();
  } catch (cause) {
    await world.abandon();
    throw new Error(`seed ${ownSeed}: ${String(cause)}\n${world.log.slice(-3000)}`, { cause });
  }
  await world.close();
}

async function killAmidWork(trial: Trial): Promise<void> {
  const { chance, world } = trial;
  const under = trial.plan();
  const work = under.map(async ({ name, step, belief }) => {
    try {
      await step.run(name);
      trial.believe(name, { conditions: [step.leads], titles: belief.titles.slice(-1) });
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
