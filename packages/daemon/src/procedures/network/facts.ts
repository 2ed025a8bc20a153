// Facts of networks: their documents, bridges, states, and who has which address.
// SPDX-License-Identifier: Apache-2.0
import type { NetworkLease } from '@ctvirt/api';
import type { LinkAddresses } from '@ctvirt/engine';
import { libvirtError } from '@ctvirt/rpc';
import { formatDocument, hasOwnBridge, modeOf, type Network } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { networkOf, type ShownNetwork } from './shown.js';

const inactiveFlag = 1;
const familyNumbers = { ipv4: 0, ipv6: 1 } as const;
const macForm = /^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i;

/** As clients may write one: with single digits, and in capitals. */
const normalMac = (mac: string): string =>
  mac
    .toLowerCase()
    .split(':')
    .map((byte) => byte.padStart(2, '0'))
    .join(':');

const bridgeXml = ({ uuid }: ShownNetwork, { name, mac }: LinkAddresses): string =>
  formatDocument('network', {
    name,
    uuid,
    forward: { mode: 'bridge' },
    bridge: { name },
    ...(mac !== null && { mac: { address: mac } }),
  });

/** With what libvirt writes out although nobody stated it; reading it again changes nothing about what is run. */
const withDefaults = (network: Network): Network =>
  hasOwnBridge(modeOf(network))
    ? { ...network, bridge: { stp: true, delay: 0, ...network.bridge } }
    : network;

const toWireLease = (iface: string, lease: NetworkLease) => ({
  iface,
  expirytime: BigInt(lease.expires === null ? 0 : Math.floor(Date.parse(lease.expires) / 1000)),
  type: familyNumbers[lease.family],
  mac: lease.mac,
  iaid: lease.iaid,
  ipaddr: lease.address,
  prefix: lease.prefix,
  hostname: lease.hostname,
  clientid: lease.clientId,
});

/** Of a bridge of the host what its link tells; nobody gives addresses out there that we knew of. */
export const bindNetworkFacts: Bind = ({ engine }) => ({
  async networkGetXmlDesc({ net, flags }, { name }) {
    checkFlags(flags, inactiveFlag, name);
    const network = await networkOf(engine, net);
    if (network.link !== undefined) return { xml: bridgeXml(network, network.link) };
    const inactive = (flags & inactiveFlag) !== 0;
    const document = engine.networks.document(network.uuid, { inactive });
    return { xml: formatDocument('network', withDefaults(document)) };
  },
  async networkGetBridgeName({ net }) {
    const { name, bridge } = await networkOf(engine, net);
    if (bridge === null)
      throw refusal('internalError', 'network', `network '${name}' does not have a bridge name.`);
    return { name: bridge };
  },
  networkIsActive: async ({ net }) => ({ active: (await networkOf(engine, net)).active ? 1 : 0 }),
  networkIsPersistent: async ({ net }) => ({ persistent: (await networkOf(engine, net)).persistent ? 1 : 0 }),
  networkGetAutostart: async ({ net }) => ({ autostart: (await networkOf(engine, net)).autostart ? 1 : 0 }),
  async networkGetDhcpLeases({ net, mac, needResults, flags }, { name }) {
    checkFlags(flags, 0, name);
    if (mac !== null && !macForm.test(mac))
      throw libvirtError('invalidMac', 'network', `invalid MAC address: ${mac}`);
    const { uuid, bridge, link, active } = await networkOf(engine, net);
    const all = link === undefined && active ? await engine.networks.leases(uuid) : [];
    // libvirt's have a MAC each: without one clients could not tell whose it is.
    const leases = all.filter(
      (lease) => lease.mac !== null && (mac === null || lease.mac === normalMac(mac)),
    );
    return {
      leases: needResults === 0 ? [] : leases.map((lease) => toWireLease(bridge ?? '', lease)),
      ret: leases.length,
    };
  },
});
