// What a stopped daemon leaves, with no container running: nothing; and below its root nothing is the host's.
// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { domainXml } from '../world/documents.js';
import { inventory } from '../world/inventory.js';
import { waitFor } from '../world/wait.js';
import { nothing, World } from '../world/world.js';
import { type Part, textOfFault } from './part.js';

export const remains: Part = {
  what: 'what a stopped daemon leaves with no container running',
  long: { count: 100, minutes: 0 },
  short: { count: 2, minutes: 0 },
  run: async ({ count, note }) => {
    const faults: string[] = [];
    let done = 0;
    for (; done < count && faults.length === 0; done++) {
      faults.push(...(await stopAndErase(done)));
      note(`${done + 1} daemons stopped`);
    }
    return {
      done: `${done} daemons stopped and their roots erased`,
      figures: 'no process, mount, group, loop device',
      faults,
    };
  },
};

async function stopAndErase(number: number): Promise<string[]> {
  const world = await World.open();
  try {
    await world.run(domainXml({ name: 'one' }));
    // Ended as it likes: by itself, with the daemon there, or destroyed.
    if (number % 2 === 0) await world.client.domains.destroy({ domain: 'one' });
    else await world.shell('one', 'kill -9 -1').catch(() => undefined);
    if ((await world.state('one')).startsWith('running'))
      await world.client.domains.destroy({ domain: 'one' });
    await world.stop();
    const faults = await leftBy(world);
    if (faults.length === 0) await rm(world.root, { recursive: true });
    return faults;
  } catch (error) {
    return [textOfFault(error)];
  } finally {
    await world.abandon();
  }
}

async function leftBy(world: World): Promise<string[]> {
  let found = await inventory(world.root, world.enclosure);
  const groups = () =>
    found.cgroups.length + found.mounts.length + found.processes.length + found.loops.length;
  const look = async () => {
    found = await inventory(world.root, world.enclosure);
    return groups() === 0;
  };
  await waitFor('nothing to be left', look, 5000).catch(() => undefined);
  return groups() > 0
    ? [`left by a stopped daemon: ${JSON.stringify({ ...found, links: nothing.links })}`]
    : [];
}
