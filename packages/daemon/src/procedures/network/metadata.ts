// Titles, descriptions and metadata of networks.
// SPDX-License-Identifier: Apache-2.0
import type { Network } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { metadataEdit, readMetadata } from '../words/metadata.js';
import { affectedNetwork } from './affect.js';
import { networkOf, ownNetworkOf, toWireNetwork } from './shown.js';

const errors = { domain: 'network', absent: 'noNetworkMetadata' } as const;

/** What is absent is `noNetworkMetadata`, such as all of a bridge of the host; an empty text removes what there is. */
export const bindNetworkMetadata: Bind = ({ engine, publish }) => ({
  async networkGetMetadata({ network: net, type, uri, flags }, { name }) {
    const network = await networkOf(engine, net);
    const { live } = affectedNetwork(flags, network, name);
    const model =
      network.link === undefined ? engine.networks.document(network.uuid, { inactive: !live }) : {};
    return { metadata: readMetadata(model, { type, uri, procedure: name }, errors) };
  },
  async networkSetMetadata({ network: net, type, metadata, key, uri, flags }, { name }) {
    const network = await ownNetworkOf(engine, net);
    const affected = affectedNetwork(flags, network, name);
    const edit = metadataEdit<Network>({ type, uri, procedure: name }, { text: metadata, key }, errors);
    await engine.networks.amend(network.uuid, affected, edit);
    publish('network', 'metadataChange', { net: toWireNetwork(network), type, nsuri: uri });
  },
});
