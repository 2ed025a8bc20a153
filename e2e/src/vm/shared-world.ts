// One world for all stories that need none of their own: to open and to close one takes the emulated processor half a minute.
// SPDX-License-Identifier: Apache-2.0
import { after } from 'node:test';
import { World } from '../world/world.js';

const worlds = new Map<string, Promise<World>>();

/** The one that lies in this folder; whoever asks for it leaves it empty. */
export function sharedWorld(parent = '/tmp'): Promise<World> {
  const found = worlds.get(parent) ?? World.open({ parent });
  worlds.set(parent, found);
  return found;
}

after(async () => {
  for (const world of worlds.values()) await (await world).close();
});
