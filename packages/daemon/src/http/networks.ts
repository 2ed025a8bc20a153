// Networks over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import { type Engine, EngineError } from '@ctvirt/engine';
import { type Network, type NetworkUpdate, updateNetwork } from '@ctvirt/xml';
import type { Handlers } from './handler.js';

/** Networks: their definition, their life, their leases; refusals are the engine's own. */
export const bindNetworks = ({ networks }: Engine): Handlers<Resources['networks']> => ({
  list: ({ query: { active } }) => {
    const all = networks.list();
    return active === undefined ? all : all.filter((network) => network.active === active);
  },
  define: ({ body, query: { strict, transient }, tags }) => {
    const options = strict === undefined ? {} : { strict };
    if (!transient) return networks.define(body, { ...options, tags });
    if (tags !== undefined)
      throw new EngineError('invalid', 'If-Match is for a network that is defined: without `transient`');
    return networks.create(body, options);
  },
  info: ({ params: { network } }) => networks.get(network),
  undefine: ({ params: { network } }) => networks.undefine(network),
  xml: ({ params: { network }, query: { inactive } }) =>
    networks.xml(network, inactive === undefined ? {} : { inactive }),
  start: ({ params: { network } }) => networks.start(network),
  stop: ({ params: { network } }) => networks.stop(network),
  autostart: ({ params: { network }, body: { autostart } }) => networks.setAutostart(network, autostart),
  update: ({ params: { network }, body: { live = false, stored = false, ...update } }) => {
    const { uuid, active } = networks.get(network);
    const targets = live || stored ? { live, stored } : { live: active, stored: !active };
    return networks.amend(uuid, targets, (document) => updated(document, update));
  },
  users: ({ params: { network } }) => networks.users(network),
  leases: async ({ params: { network }, query: { mac } }) => {
    const leases = await networks.leases(network);
    return mac === undefined ? leases : leases.filter((lease) => lease.mac === mac.toLowerCase());
  },
});

function updated(document: Network, update: NetworkUpdate): Network {
  const result = updateNetwork(document, update);
  if ('network' in result) return result.network;
  const { kind, message, findings = [] } = result.fault;
  switch (kind) {
    case 'unsupported':
      throw new EngineError('unsupported', message);
    case 'state':
      throw new EngineError('wrong-state', message);
    default:
      throw new EngineError('invalid', message, { findings });
  }
}
