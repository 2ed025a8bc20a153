// Faults of the host, each amid the usual work: it ends in a named state, and what follows finds everything right again.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@ctvirt/api';
import { domainXml, templateRoot } from '../world/documents.js';
import { assertUnchanged, waitFor } from '../world/wait.js';
import { nothing, World } from '../world/world.js';
import { type HostFault, hostFaults, slowFaults } from './host-faults.js';
import { type Part, textOfFault } from './part.js';

const limited = templateRoot.replace(
  '</filesystem>',
  "<space_hard_limit unit='M'>8</space_hard_limit></filesystem>",
);

export const faults: Part = {
  what: `faults of the host: ${Object.keys({ ...hostFaults, ...slowFaults }).join(', ')}`,
  long: { count: 20, minutes: 0 },
  short: { count: 1, minutes: 0 },
  run: async ({ count, note }) => {
    const found: string[] = [];
    const seen = new Map<string, number>();
    const all = [
      ...Object.entries(hostFaults).map(([name, fault]) => ({ name, fault, times: count })),
      ...Object.entries(slowFaults).map(([name, fault]) => ({ name, fault, times: Math.ceil(count / 10) })),
    ];
    for (const { name, fault, times } of all) {
      note(name);
      const world = await openFaultWorld();
      try {
        for (let round = 0; round < times; round++)
          for (const code of await suffer(world, fault)) seen.set(code, (seen.get(code) ?? 0) + 1);
        await closeFaultWorld(world);
      } catch (error) {
        found.push(`${name}: ${textOfFault(error)}\n${world.log.slice(-2000)}`);
        await world.abandon();
      }
    }
    const figures = [...seen].map(([code, times]) => `${code} ${times}`).join(', ');
    return {
      done: `${all.length} faults, ${count} times each, those that take a minute ${Math.ceil(count / 10)} times`,
      figures: `answers: ${figures}`,
      faults: found,
    };
  },
};

/** Beyond it whoever asked has given up. */
const patienceMs = 90_000;

/** With a disk of its own, and another one for `run`. */
export async function openFaultWorld(): Promise<World> {
  const world = await World.open({ diskMiB: 48 });
  await world.stop();
  await world.enclosure.output('mount', '-t', 'tmpfs', '-o', 'size=4m,mode=755', 'run', `${world.root}/run`);
  await world.start();
  return world;
}

export async function closeFaultWorld(world: World): Promise<void> {
  await world.stop();
  await waitFor('run to be free', async () => {
    const { status } = await world.enclosure.run(['umount', `${world.root}/run`]);
    return status === 0;
  });
  await world.close();
}

/** One fault amid the usual work; returns what the calls ended with. */
export async function suffer(world: World, fault: HostFault): Promise<string[]> {
  const { domains } = world.client;
  await world.run(domainXml({ name: 'stays' }));
  await world.run(domainXml({ name: 'goes' }));
  await world.define(domainXml({ name: 'rests', filesystems: [limited] }));
  const { initPid } = await domains.info({ domain: 'stays' });
  const heal = await fault(world);
  const answers: string[] = [];
  try {
    const calls: readonly (() => Promise<unknown>)[] = [
      () => domains.define({ body: domainXml({ name: 'new', filesystems: [limited] }) }),
      () => domains.start({ domain: 'rests' }),
      () => domains.list(),
      () => world.shell('stays', 'true').catch(asApiError),
      () => domains.destroy({ domain: 'goes' }),
      () => domains.undefine({ domain: 'goes', storage: true }),
    ];
    for (const call of calls) answers.push(await answerOf(call));
  } finally {
    await heal();
  }
  // Killed for want of memory it may be; everything else it has to bear.
  if (fault !== hostFaults['out of memory'])
    assert.ok(existsSync(`/proc/${world.daemonPid}`), `the daemon ended:\n${world.log.slice(-2000)}`);
  await assertWell(world, initPid);
  return answers;
}

/** A program that could not be run inside tells so by its own status. */
function asApiError(error: unknown): void {
  if (error instanceof ApiError) throw error;
}

/** `done` or the code of a refusal; what is no answer of the contract is a fault of ours. */
async function answerOf(call: () => Promise<unknown>): Promise<string> {
  try {
    if ((await Promise.race([call(), sleep(patienceMs, 'late', { ref: false })])) === 'late')
      return 'unanswered';
    return 'done';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    assert.notEqual(error.code, 'internal', error.message);
    assert.notEqual(error.code, 'bad-answer', error.message);
    return error.code;
  }
}

const unlessErased =
  (name: string) =>
  (error: unknown): void => {
    if (name !== 'goes' || !(error instanceof ApiError) || error.code !== 'not-found') throw error;
  };

/** The next daemon and a clean-up put everything right: the one that ran runs, the others start, nothing is stray. */
async function assertWell(world: World, initPid: number | null): Promise<void> {
  await world.kill();
  await world.start();
  const { check, domains } = world.client;
  // What a killed program had begun may be ending by itself: nothing is cleaned away from under it.
  const strays = async () => {
    await check.clean();
    return (await check.list()).stray;
  };
  await waitFor('nothing to be stray', async () => (await strays()).length === 0).catch(async () =>
    assert.deepEqual(await strays(), []),
  );
  assert.equal((await domains.info({ domain: 'stays' })).initPid, initPid, 'a container was touched');
  await world.shell('stays', 'true');
  // What it was told to end it ends first, and erases if it was told that too.
  const isWhole = ({ state }: { state: string }) => state === 'running' || state === 'shutoff';
  await waitFor('states to be whole', async () => (await domains.list()).every(isWhole));
  for (const { name, state } of await domains.list())
    if (state === 'shutoff') await domains.start({ domain: name }).catch(unlessErased(name));
  for (const { name } of await domains.list()) await world.erase(name).catch(unlessErased(name));
  assert.deepEqual(await domains.list(), []);
  assert.deepEqual((await check.list()).stray, []);
  const left = async () => ({
    ...(await world.leftovers()),
    mounts: (await world.leftovers()).mounts.filter((target) => target !== `${world.root}/run`),
  });
  await assertUnchanged(nothing, left, 'left on the host');
}
