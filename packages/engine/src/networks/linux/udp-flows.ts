// Flows of UDP that lead elsewhere by now: a client that keeps its port would go on to ask whom it asked before.
// SPDX-License-Identifier: Apache-2.0
import { addressBytes } from '../../host/address-bytes.js';
import type { UdpFlow } from '../../host/conntrack.js';
import type { Family, PortForward } from '../contract/plan.js';
import type { Led } from './forward-maps.js';

/** Where one port leads. */
interface Way extends Pick<PortForward, 'start' | 'end' | 'dev'> {
  readonly family: Family;
  /** The host's address in hexadecimal; undefined of all. */
  readonly at: string | undefined;
  readonly target: string;
}

const hex = (address: string): string => addressBytes(address).toString('hex');
const waysOf = (led: readonly Led[]): Way[] =>
  led
    .filter(({ forward }) => forward.protocol === 'udp')
    .map(({ forward: { start, end, address, dev }, to, family }) => ({
      ...{ start, end, family, target: hex(to) },
      at: address === undefined ? undefined : hex(address),
      ...(dev !== undefined && { dev }),
    }));

/** Which flows go another way after a change; undefined where none can. `own` are the host's addresses, in hexadecimal. */
export function staleFlows(
  before: readonly Led[],
  now: readonly Led[],
  own: () => ReadonlySet<string>,
): ((flow: UdpFlow) => boolean) | undefined {
  const [had, ways] = [waysOf(before), waysOf(now)];
  if (JSON.stringify(had) === JSON.stringify(ways)) return undefined;
  const local = own();
  return ({ family, to, port, answering }) => {
    const asked = to.toString('hex');
    const isOf = (way: Way): boolean =>
      way.family === family &&
      way.start <= port &&
      port <= way.end &&
      (way.at === undefined ? local.has(asked) : way.at === asked);
    const led = answering.toString('hex');
    const next = ways.filter(isOf);
    // By which link it came is not told.
    if (next.some(({ dev, target }) => dev !== undefined || target === led)) return false;
    return next.length > 0 || had.some((way) => isOf(way) && way.target === led);
  };
}
