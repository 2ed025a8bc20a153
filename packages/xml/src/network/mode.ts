// What a network of each mode of <forward> has, and what it cannot have.
// SPDX-License-Identifier: Apache-2.0
import type { Bandwidth } from '../domain/bandwidth.js';
import type { Virtualport } from '../domain/virtualport.js';
import type { Report } from '../schema/report.js';
import type { NetworkDns } from './dns.js';
import type { Forward, ForwardMode } from './forward.js';

/** What of a network is asked here; a `Network` has it. */
interface Moded {
  readonly forward?: Forward | undefined;
  readonly bridge?:
    | {
        readonly name?: string | undefined;
        readonly zone?: string | undefined;
        readonly stp?: boolean | undefined;
        readonly delay?: number | undefined;
        readonly macTableManager?: string | undefined;
      }
    | undefined;
  readonly mtu?: unknown;
  readonly mac?: unknown;
  readonly domain?: unknown;
  readonly dns?: NetworkDns | undefined;
  readonly ips?: readonly unknown[] | undefined;
  readonly bandwidth?: Bandwidth | undefined;
  readonly virtualport?: Virtualport | undefined;
}

/** The mode of its <forward>, `nat` where that is silent; `none` without one: the network is isolated. */
export const modeOf = ({ forward }: Pick<Moded, 'forward'>): ForwardMode =>
  forward === undefined ? 'none' : (forward.mode ?? 'nat');

const ownBridge: ReadonlySet<ForwardMode> = new Set(['none', 'nat', 'route', 'open']);

/** Whether its bridge is made for it, and ends with it. */
export const hasOwnBridge = (mode: ForwardMode): boolean => ownBridge.has(mode);

/** Whether its traffic can be limited: it passes a bridge. */
export const hasBandwidth = (network: Moded): boolean => {
  const mode = modeOf(network);
  return hasOwnBridge(mode) || (mode === 'bridge' && network.bridge?.name !== undefined);
};

/** What its mode excludes, and what it needs. */
export function checkMode(network: Moded, report: Report): void {
  const mode = modeOf(network);
  const { ips = [], bandwidth, virtualport } = network;
  if ((mode === 'nat' || mode === 'route') && ips.length === 0)
    report.error('missing-element', [], `a network of mode '${mode}' needs an <ip>`, { expected: '<ip>' });
  if (!hasOwnBridge(mode)) checkWithoutBridge(network, mode, report);
  if (bandwidth !== undefined && !hasBandwidth(network))
    report.error('conflict', ['bandwidth'], `the traffic of a network of mode '${mode}' passes no bridge`, {
      found: mode,
    });
  if (virtualport !== undefined && virtualport.type === undefined)
    report.error('missing-attribute', ['virtualport'], "<virtualport> needs the attribute 'type'", {
      expected: "type='openvswitch'",
    });
  checkRates(bandwidth, ['bandwidth'], report);
}

/** The network is links of the host, or a bridge that it has: none of its addresses are ours. */
function checkWithoutBridge(network: Moded, mode: ForwardMode, report: Report): void {
  const { bridge = {}, dns = {}, forward, ips = [] } = network;
  const refuse = (path: readonly (string | number)[], what: string): void =>
    report.error('conflict', path, `a network of mode '${mode}' has no ${what}`, { found: mode });
  if (network.mac !== undefined) refuse(['mac'], '<mac>');
  if (network.mtu !== undefined) refuse(['mtu'], '<mtu>');
  if (network.domain !== undefined) refuse(['domain'], '<domain>');
  if (ips.length > 0) refuse(['ips', 0], '<ip>');
  for (const key of ['txts', 'srvs', 'hosts'] as const)
    if (dns[key] !== undefined) refuse(['dns', key, 0], 'resolver of its own');
  for (const key of ['zone', 'stp', 'delay'] as const)
    if (bridge[key] !== undefined && bridge[key] !== 0) refuse(['bridge', key], `bridge with ${key}`);
  if (mode !== 'bridge') {
    for (const key of ['name', 'macTableManager'] as const)
      if (bridge[key] !== undefined) refuse(['bridge', key], 'bridge');
  } else if (bridge.name !== undefined && forward !== undefined) {
    const { dev, interfaces, pf } = forward;
    const device = dev !== undefined ? ['dev'] : interfaces !== undefined ? ['interfaces', 0] : ['pf'];
    if (dev !== undefined || interfaces !== undefined || pf !== undefined)
      report.error('conflict', ['forward', ...device], 'a network is a bridge of the host or its devices', {
        expected: 'either',
      });
  }
}

/** The largest that tc takes, in KiB. */
const mostBurst = 4_194_303;

/** Rates of a whole network, or of each interface of a group. */
export function checkRates(
  bandwidth: Bandwidth | undefined,
  path: readonly (string | number)[],
  report: Report,
): void {
  for (const direction of ['inbound', 'outbound'] as const) {
    const { burst = 0, floor } = bandwidth?.[direction] ?? {};
    if (burst > mostBurst)
      report.error('out-of-range', [...path, direction, 'burst'], `a burst of ${burst} KiB is too large`, {
        found: String(burst),
        expected: `at most ${mostBurst}`,
      });
    if (floor !== undefined)
      report.error('conflict', [...path, direction, 'floor'], 'a rate is guaranteed to a single interface', {
        found: String(floor),
      });
  }
}
