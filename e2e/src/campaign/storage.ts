// Kills at random points of what is done with whole domains: none lost or there twice, none held, nothing half-made left.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@ctvirt/api';
import { Chance } from '../world/chance.js';
import { helpersOf } from '../world/family.js';
import { grounds, openGround } from '../world/ground.js';
import { assertWritesInside, linesIn, names, Pair, type Seen } from '../world/pair.js';
import { isLasting, type StorageStep, type Subject, steps } from '../world/storage-steps.js';
import { waitFor } from '../world/wait.js';
import type { World } from '../world/world.js';
import { type Part, textOfFault } from './part.js';

export const storage: Part = {
  what: `kill -9 of a daemon, or of a program of its, amid ${Object.keys(steps).join(', ')}`,
  long: { count: 300, minutes: 0 },
  short: { count: 10, minutes: 0 },
  run: async ({ count, seed, note }) => {
    const tally = new Tally();
    for (const [at, kind] of grounds.entries()) {
      const wanted = Math.floor(((at + 1) * count) / grounds.length);
      await using ground = await openGround(kind);
      // What a fault leaves is no ground for others.
      for (let tries = 0; tally.kills < wanted && tries < MAX_FAULTS; tries++)
        await survive(
          { parent: ground.folder, kind, seed: seed + at + 1000 * tries, until: wanted, note },
          tally,
        );
    }
    return { done: `${tally.kills} kills`, figures: tally.figures, faults: tally.faults };
  },
};

const MAX_FAULTS = 10;

class Tally {
  kills = 0;
  readonly faults: string[] = [];
  readonly #counts = new Map<string, number>();

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  get figures(): string {
    return [...this.#counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, times]) => `${what} ${times}`)
      .join(', ');
  }
}

interface Course {
  readonly parent: string;
  readonly kind: string;
  readonly seed: number;
  readonly until: number;
  readonly note: (text: string) => void;
}

/** Kills on two hosts of their own until there were so many, or one left a fault. */
async function survive({ parent, kind, seed, until, note }: Course, tally: Tally): Promise<void> {
  const pair = await Pair.open(parent);
  const rounds = new Rounds(pair, seed, tally);
  try {
    while (tally.kills < until) {
      await rounds.next();
      note(`${tally.kills} kills`);
    }
    await pair.close();
  } catch (error) {
    const fault = `${kind}, seed ${seed}, ${rounds.told}: ${textOfFault(error)}`;
    note(`✗ ${fault}`);
    tally.faults.push(`${fault}\n${pair.log}`);
    await pair.abandon();
  }
}

class Rounds {
  readonly #chance: Chance;
  /** How long each takes when nobody disturbs it, in milliseconds. */
  readonly #takes = new Map<string, number>();
  #round = 0;
  /** What is done now, for people. */
  told = 'at the beginning';

  constructor(
    readonly pair: Pair,
    seed: number,
    readonly tally: Tally,
  ) {
    this.#chance = new Chance(seed);
  }

  async next(): Promise<void> {
    const { pair } = this;
    const title = this.#chance.pick(Object.keys(steps));
    const step = steps[title] ?? assert.fail(title);
    const name = this.#chance.pick(names);
    const state = this.#chance.pick(step.from);
    const round = ++this.#round;
    const subject = { pair, name, keeper: await pair.keeper(name), round };
    this.told = `round ${round}: ${title} of ${name}, ${state}`;
    await bring(subject, state);
    await step.prepare?.(subject);
    const before = await pair.see(name);
    const took = this.#takes.get(title);
    const began = performance.now();
    const work = step.run(subject).then(
      () => 'done',
      (error: unknown) => {
        if (error instanceof ApiError) return `${error.code}: ${error.message}`;
        throw error;
      },
    );
    let isDisturbed = false;
    // One that is seen for the first time is measured.
    if (took !== undefined) {
      await sleep(this.#chance.next() * took * 1.1);
      isDisturbed = await this.#kill(subject, title, before);
    }
    const outcome = await work;
    this.told += `: ${outcome}`;
    const isDone = outcome === 'done';
    if (isDone && !isDisturbed) this.#takes.set(title, performance.now() - began);
    assert.ok(isDone || isDisturbed, 'it failed, and nobody was killed');
    await this.#judge(step, subject, { before, isDone });
  }

  /** Returns whether anybody was there to be killed. */
  async #kill(subject: Subject, title: string, before: Seen): Promise<boolean> {
    const { pair, name, keeper } = subject;
    const chance = this.#chance;
    const isMove = title === 'move';
    const victim = isMove && chance.isOnceIn(2) ? pair.otherThan(keeper) : keeper;
    this.tally.kills++;
    if (chance.isOnceIn(4)) {
      const helpers = helpersOf(victim.daemonPid);
      if (helpers.length > 0) {
        const helper = chance.pick(helpers);
        this.told += `, ${helper.name} killed`;
        this.tally.count(`${title} (${helper.name})`);
        return killOne(helper.pid);
      }
    }
    this.told += `, daemon of the ${victim === keeper ? 'keeper' : 'other'} killed`;
    this.tally.count(title);
    // As a service manager may, which takes whatever the daemon has started along: then nobody lets go before the next one.
    const family = chance.isOnceIn(5) ? helpersOf(victim.daemonPid) : [];
    await victim.kill();
    for (const { pid } of family) killOne(pid);
    if (family.length > 0) this.told += `, and ${family.map((one) => one.name).join(', ')}`;
    const staysAsItIs = !isMove && steps[title]?.goesBack !== true && family.length === 0;
    if (before.state === 'running' && staysAsItIs)
      await assertWritesInside(before.initPid ?? assert.fail(), `${name} without a daemon`);
    await this.#startAgain(victim);
    return true;
  }

  /** Now and then the next daemon is killed while it starts. */
  async #startAgain(world: World): Promise<void> {
    if (this.#chance.isOnceIn(5)) {
      world.launch();
      await sleep(this.#chance.next() * 900);
      this.told += ', and the next';
      await world.kill();
    }
    await world.start();
  }

  async #judge(
    step: StorageStep,
    subject: Subject,
    { before, isDone }: { readonly before: Seen; readonly isDone: boolean },
  ): Promise<void> {
    const { pair, name } = subject;
    const {
      makes,
      leads = (state: string) => state,
      snapshots = (names: readonly string[]) => [names],
    } = step;
    await pair.settle();
    const states = [...new Set([...(isDone ? [] : [before.state]), leads(before.state)])];
    let state = '';
    const isAsWanted = async (): Promise<boolean> => {
      const keeper = await pair.keeper(name);
      ({ state } = await keeper.client.domains.summary({ domain: name }));
      return states.includes(state);
    };
    await waitFor(`it to be ${states.join(' or ')}`, isAsWanted).catch(() =>
      assert.fail(`it is ${state}, not ${states.join(' or ')}`),
    );
    await pair.assertTrue(makes === undefined ? [] : [makes]);
    const after = await pair.see(name);
    if (step.goesBack !== true)
      assert.ok(after.lines >= before.lines, `${after.lines} lines of ${before.lines} are left`);
    const possible = snapshots(before.snapshots, subject).slice(isDone && step.goesBack !== true ? -1 : 0);
    assert.ok(
      possible.some((names) => isSame(names.filter(isLasting), after.snapshots.filter(isLasting))),
      `snapshots ${after.snapshots} of ${JSON.stringify(possible)}`,
    );
    await step.check?.(subject, after, isDone);
    if (makes !== undefined) await this.#judgeMade(subject.keeper, makes, isDone);
  }

  async #judgeMade(keeper: World, makes: string, isDone: boolean): Promise<void> {
    const isThere = (await keeper.client.domains.list()).some(({ name }) => name === makes);
    assert.ok(isThere || !isDone, `'${makes}' was made, and is not there`);
    if (!isThere) return;
    await linesIn(keeper, makes);
    if (this.#chance.isOnceIn(3)) {
      await keeper.client.domains.start({ domain: makes });
      const { initPid } = await keeper.client.domains.info({ domain: makes });
      await assertWritesInside(initPid ?? assert.fail(`'${makes}' does not run`), makes);
    }
    await keeper.erase(makes);
  }
}

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  [...some].sort().join() === [...others].sort().join();

async function bring({ keeper, name }: Subject, wanted: string): Promise<void> {
  const { domains } = keeper.client;
  const { state } = await domains.summary({ domain: name });
  if (state === wanted) return;
  if (state === 'paused') await domains.resume({ domain: name });
  if (wanted === 'shutoff') await domains.destroy({ domain: name });
  if (state === 'shutoff') await domains.start({ domain: name });
  if (wanted === 'paused') await domains.suspend({ domain: name });
}

function killOne(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false; // ended meanwhile
  }
}
