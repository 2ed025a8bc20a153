// The life of networks: defined, started, stopped, and whether they start by themselves.
// SPDX-License-Identifier: Apache-2.0
import type { NetworkSummary } from '@ctvirt/api';
import type { Network } from '@ctvirt/xml';
import type { Bind, Binding } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { ownNetworkOf, toWireNetwork, type WireNetwork, wrongState } from './shown.js';

const validateFlag = 1;

/** The network that a document means by its UUID; libvirt takes one without for that of a new network, whose name must be free. */
function meantBy({ engine: { networks } }: Binding, model: Network): NetworkSummary | undefined {
  const { name } = model;
  const uuid = model.uuid?.toLowerCase();
  const same = uuid === undefined ? undefined : networks.find({ uuid });
  if (same !== undefined && same.name !== name)
    throw refusal(
      'operationFailed',
      'network',
      `network '${same.name}' is already defined with uuid ${same.uuid}`,
    );
  const other = same === undefined ? networks.find({ name }) : undefined;
  if (other !== undefined)
    throw refusal('operationFailed', 'network', `network '${name}' already exists with uuid ${other.uuid}`);
  return same;
}

/** Define, create, undefine, start, stop and autostart of networks of ours. */
export const bindNetworkLife: Bind = (binding) => {
  const { engine } = binding;
  const define = async (xml: string, strict: boolean) => {
    const permit = (model: Network): void => void meantBy(binding, model);
    return { net: toWireNetwork((await engine.networks.define(xml, { strict, permit })).network) };
  };
  const create = async (xml: string, strict: boolean) => {
    const permit = (model: Network): void => {
      const same = meantBy(binding, model);
      if (same?.active === true) throw wrongState(`network is already active as '${same.name}'`);
    };
    return { net: toWireNetwork((await engine.networks.create(xml, { strict, permit })).network) };
  };
  const ours = (net: WireNetwork) => ownNetworkOf(engine, net);

  return {
    networkDefineXml: ({ xml }) => define(xml, false),
    networkDefineXmlFlags({ xml, flags }, { name }) {
      checkFlags(flags, validateFlag, name);
      return define(xml, (flags & validateFlag) !== 0);
    },
    networkCreateXml: ({ xml }) => create(xml, false),
    networkCreateXmlFlags({ xml, flags }, { name }) {
      checkFlags(flags, validateFlag, name);
      return create(xml, (flags & validateFlag) !== 0);
    },
    async networkUndefine({ net }) {
      const { uuid, persistent } = await ours(net);
      if (!persistent) throw wrongState("can't undefine transient network");
      await engine.networks.undefine(uuid);
    },
    async networkCreate({ net }) {
      const { uuid, active } = await ours(net);
      if (active) throw wrongState('network is already active');
      await engine.networks.start(uuid);
    },
    async networkDestroy({ net }) {
      const { uuid, name, active } = await ours(net);
      if (!active) throw wrongState(`network '${name}' is not active`);
      await engine.networks.stop(uuid);
    },
    async networkSetAutostart({ net, autostart }) {
      const { uuid, persistent } = await ours(net);
      if (!persistent) throw wrongState('cannot set autostart for transient network');
      await engine.networks.setAutostart(uuid, autostart !== 0);
    },
  };
};
