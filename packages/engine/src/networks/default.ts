// The network that is there from the first start on, as under libvirt: NAT, and addresses for whoever asks.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Network } from '@ctvirt/xml';
import { isFault } from '../errors.js';
import { writeAtomically } from '../host/files.js';
import type { EngineLog } from '../log.js';
import type { Layout } from '../state/layout.js';
import { planOf, type SettledNetwork } from './plan.js';
import type { RunnerParts } from './runner.js';
import { settled } from './settle.js';

const NAME = 'default';
/** libvirt's own subnet, 192.168.122.0/24. */
const THIRD = 122;
const SUBNETS = 256;

/** Dependencies of `defineDefault`. */
export interface DefaultParts extends Pick<RunnerParts, 'host' | 'store' | 'known' | 'links' | 'due'> {
  readonly layout: Layout;
  readonly log: EngineLog;
}

/** Once: a network that somebody has undefined stays away, which a file tells the next daemons. */
export async function defineDefault(parts: DefaultParts): Promise<void> {
  const { layout, known, store, due, log } = parts;
  const marker = join(layout.lib, 'default-network');
  if (existsSync(marker)) return;
  if (known.byName(NAME) === undefined) {
    const network = await freeNetwork(parts);
    const { uuid, bridge } = network;
    await store.create({ record: { version: 1, name: NAME, uuid, autostart: true }, network });
    known.add({ name: NAME, uuid, autostart: true, stored: network, live: undefined, pending: false });
    log('info', `network '${NAME}' is defined: ${network.ips?.[0]?.address}/24 on ${bridge?.name}`);
  }
  // Also of a daemon that was killed between the two.
  if (known.byName(NAME)?.autostart === true) await due.add(NAME);
  await writeAtomically(marker, 'made once\n', { durable: false });
}

/** In the first subnet that neither the host nor another network has. */
async function freeNetwork({ layout, host, known, links }: DefaultParts): Promise<SettledNetwork> {
  const first = layout.root === undefined ? THIRD : thirdOf(layout.cgroup);
  const isTaken = (bridge: string): boolean => known.byBridge(bridge) !== undefined || links.has(bridge);
  let network: SettledNetwork;
  for (let step = 0; ; step++) {
    const third = (first + step) % SUBNETS;
    network = settled(networkIn(third, layout.root === undefined ? undefined : `virbr${third}`), isTaken);
    try {
      await host.check(planOf(network));
      return network;
    } catch (error) {
      const isOthers = isFault(error, 'in-use') || isFault(error, 'exists');
      // What else is in the way is told when it is started.
      if (!isOthers || step === SUBNETS) return network;
    }
  }
}

/**
 * Networks of several daemons of one host that were never started cannot know of each other: each daemon with a root of its own begins
 * somewhere else, by its name, and calls its bridge by the subnet.
 */
const thirdOf = (name: string): number => 100 + (Number.parseInt(name.slice(-4), 16) % 150);

function networkIn(third: number, bridge: string | undefined): Network {
  const at = (last: number): string => `192.168.${third}.${last}`;
  return {
    name: NAME,
    forward: { mode: 'nat' },
    bridge: { name: bridge, stp: true, delay: 0 },
    ips: [
      {
        address: at(1),
        netmask: '255.255.255.0',
        dhcp: { ranges: [{ start: at(2), end: at(254) }] },
      },
    ],
  };
}
