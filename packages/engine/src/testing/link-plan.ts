// A link of a domain for tests, but for what a test says of it.
// SPDX-License-Identifier: Apache-2.0
import type { LinkPlan } from '../network/link-plan.js';

export const linkPlan = (parts: Partial<LinkPlan>): LinkPlan => ({
  kind: 'routed',
  parent: undefined,
  macvlanMode: undefined,
  name: 'eth0',
  hostName: 'cv1.0',
  mac: '52:54:00:12:34:56',
  isTrusted: false,
  filter: undefined,
  isIsolated: false,
  mtu: undefined,
  up: true,
  addresses: [],
  gateways: [],
  routes: [],
  rates: { inbound: undefined, outbound: undefined },
  ...parts,
});
