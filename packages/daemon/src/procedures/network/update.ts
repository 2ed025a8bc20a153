// One element of a network's document added, changed or taken out, of the running network too.
// SPDX-License-Identifier: Apache-2.0
import { networkCommands, networkSections } from '@ctvirt/api';
import type { RpcError } from '@ctvirt/rpc';
import { type NetworkUpdateFault, updateNetwork } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { refusal } from '../words/refusal.js';
import { affectedNetwork } from './affect.js';
import { ownNetworkOf } from './shown.js';

/** virNetworkUpdateCommand and virNetworkUpdateSection, by their numbers: those of the lists' order; 0 is none of them. */
const commands = [undefined, ...networkCommands];
const sections = [undefined, ...networkSections];

const codes = {
  unsupported: 'operationUnsupported',
  state: 'operationInvalid',
  syntax: 'xmlDetail',
  document: 'xmlError',
} as const satisfies Record<NetworkUpdateFault['kind'], string>;

const refusalOf = ({ kind, message }: NetworkUpdateFault): RpcError =>
  refusal(codes[kind], 'network', message);

/** Clients send command and section in this order, having asked for the feature that says so. */
export const bindNetworkUpdate: Bind = ({ engine }) => ({
  async networkUpdate(
    { net, command: commandNumber, section: sectionNumber, parentIndex, xml, flags },
    { name },
  ) {
    const network = await ownNetworkOf(engine, net);
    const affected = affectedNetwork(flags, network, name);
    const section = sections[sectionNumber];
    if (section === undefined)
      throw refusal('operationUnsupported', 'network', "can't update unrecognized section of network");
    const command = commands[commandNumber];
    if (command === undefined)
      throw refusal(
        'operationUnsupported',
        'network',
        `unrecognized network update command code ${commandNumber}`,
      );
    await engine.networks.amend(network.uuid, affected, (document) => {
      const updated = updateNetwork(document, { section, command, parent: parentIndex, xml });
      if ('fault' in updated) throw refusalOf(updated.fault);
      return updated.network;
    });
  },
});
