// Ports of networks, of which clients of libvirt's own driver make one for an interface: ours are the domains' interfaces themselves.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '@ctvirt/engine';
import type { Bind } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { activeNetworkOf, networkOf, type WireNetwork } from './shown.js';

/** No network has a port: that it is not there is said before that the network is off, as libvirt does. */
async function refusePort(engine: Engine, net: WireNetwork, uuid: string): Promise<never> {
  await networkOf(engine, net);
  throw refusal('noNetworkPort', 'network', `Network port with UUID ${uuid} does not exist`);
}

interface PortCall {
  readonly port: { readonly net: WireNetwork; readonly uuid: string };
  readonly flags: number;
}

/** An empty list, and refusals in libvirt's words. */
export const bindNetworkPorts: Bind = ({ engine }) => {
  const refuse = ({ port, flags }: PortCall, { name }: { name: string }): Promise<never> => {
    checkFlags(flags, 0, name);
    return refusePort(engine, port.net, port.uuid);
  };
  return {
    async networkListAllPorts({ network, flags }, { name }) {
      checkFlags(flags, 0, name);
      await activeNetworkOf(engine, network);
      return { ports: [], ret: 0 };
    },
    networkPortLookupByUuid: ({ network, uuid }) => refusePort(engine, network, uuid),
    networkPortGetXmlDesc: refuse,
    networkPortGetParameters: refuse,
    networkPortSetParameters: refuse,
    networkPortDelete: refuse,
  };
};
