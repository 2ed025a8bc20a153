// What a network is given where its document says nothing: it is in the document from then on, and stays.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import type { Network } from '@ctvirt/xml';
import { hasOwnBridge, type SettledNetwork } from './plan.js';

/** What is made up: libvirt's own range of hardware addresses, and its names of bridges. */
export function settled(
  network: Network,
  isTaken: (bridge: string) => boolean,
  uuid?: string,
): SettledNetwork {
  const known = { ...network, uuid: network.uuid ?? uuid ?? randomUUID() };
  if (!hasOwnBridge(network)) return known;
  const { bridge, mac } = network;
  return {
    ...known,
    bridge: { ...bridge, name: bridgeName(bridge?.name, isTaken) },
    mac: mac ?? { address: madeUpMac() },
  };
}

function bridgeName(wanted: string | undefined, isTaken: (bridge: string) => boolean): string {
  if (wanted !== undefined && !wanted.includes('%d')) return wanted;
  const pattern = wanted ?? 'virbr%d';
  for (let number = 0; ; number++) {
    const name = pattern.replace('%d', String(number));
    if (!isTaken(name)) return name;
  }
}

const madeUpMac = (): string =>
  `52:54:00:${randomBytes(3)
    .toString('hex')
    .replace(/..(?=.)/g, '$&:')}`;
