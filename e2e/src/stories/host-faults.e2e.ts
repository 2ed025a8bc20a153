// A host on which something is used up, read-only or killed: each call ends in a named state, and what follows finds all right.
// SPDX-License-Identifier: Apache-2.0
import { after, afterEach, before, test } from 'node:test';
import { closeFaultWorld, openFaultWorld, suffer } from '../campaign/faults.js';
import { hostFaults } from '../campaign/host-faults.js';
import type { World } from '../world/world.js';

let world: World;
let isBroken = false;
before(async () => {
  world = await openFaultWorld();
});
afterEach(async () => {
  // The next one is to meet its own fault alone.
  if (!isBroken) return;
  await world.abandon();
  world = await openFaultWorld();
  isBroken = false;
});
after(() => closeFaultWorld(world));

for (const [name, fault] of Object.entries(hostFaults))
  test(`${name} ends in a named state`, async (t) => {
    isBroken = true;
    t.diagnostic((await suffer(world, fault)).join(', '));
    isBroken = false;
  });
