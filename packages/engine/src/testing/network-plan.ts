// Plans of networks for tests, with what a test does not care about filled in.
// SPDX-License-Identifier: Apache-2.0
import type { DnsPlan, Member, NetworkPlan, OwnBridge } from '../networks/contract/plan.js';

/** Answers names, and knows none. */
export const plainDns: DnsPlan = {
  isEnabled: true,
  forwardsPlainNames: true,
  forwarders: [],
  hosts: [],
  texts: [],
  services: [],
};

/** As libvirt's `default` is. */
export const bridgePlan = (given: Partial<OwnBridge> = {}): OwnBridge => ({
  name: 'virbr7',
  mac: '52:54:00:00:00:07',
  mtu: undefined,
  stp: false,
  delaySeconds: 0,
  addresses: [{ address: '192.168.122.1', prefix: 24, family: 4 }],
  routes: [],
  forward: { mode: 'nat', devs: [], addresses: undefined, ports: undefined, ipv6: false },
  dhcp: [
    {
      family: 4,
      server: '192.168.122.1',
      ranges: [{ start: '192.168.122.2', end: '192.168.122.254', leaseSeconds: undefined }],
      hosts: [],
      bootp: undefined,
    },
  ],
  dns: plainDns,
  domain: undefined,
  rates: { inbound: undefined, outbound: undefined },
  passesIpv6: false,
  ...given,
});

export const networkPlan = (given: Partial<OwnBridge> = {}, name = 'default'): NetworkPlan => ({
  name,
  uuid: '11111111-2222-3333-4444-555555555555',
  bridge: bridgePlan(given),
});

export const networkMember = (given: Partial<Member> = {}): Member => ({
  domain: '99999999-2222-3333-4444-555555555555',
  mac: '52:54:00:aa:bb:01',
  names: ['web'],
  addresses: ['192.168.122.50'],
  isReserved: true,
  isRunning: true,
  ...given,
});
