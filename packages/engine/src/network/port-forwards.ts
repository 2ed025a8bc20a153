// Ports of the host at which containers answer: what documents ask for, range by range, and which of them nobody else can have, too.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, familyOf, type Interface, normalAddress } from '@ctvirt/xml';
import { isUnspecified } from '../host/address-bytes.js';
import type { PortForward } from '../networks/contract/plan.js';

type Said = NonNullable<Interface['portForwards']>[number];

/** Without the ports that are left out. */
export function forwardsIn({ proto, address, dev, ranges = [] }: Said): PortForward[] {
  const common = {
    protocol: proto,
    address: address === undefined ? undefined : normalAddress(address),
    ...(dev !== undefined && { dev }),
  };
  const left = ranges
    .filter(({ exclude }) => exclude === true)
    .map(({ start, end = start }) => ({ start, end }))
    .sort((a, b) => a.start - b.start);
  const meant = ranges.filter(({ exclude }) => exclude !== true);
  const whole = meant.length > 0 ? meant : [{ start: 1, end: 65_535 }];
  return whole.flatMap(({ start, end = start, ...range }) => {
    const to = 'to' in range && range.to !== undefined ? range.to : start;
    const parts: PortForward[] = [];
    const add = (first: number, last: number): void => {
      if (first <= last) parts.push({ ...common, start: first, end: last, to: to + first - start });
    };
    let next = start;
    for (const gap of left) {
      if (gap.end < next || gap.start > end) continue;
      add(next, gap.start - 1);
      next = gap.end + 1;
    }
    add(next, end);
    return parts;
  });
}

/** Of a link that is on a network; of any other there are none. */
export const forwardsOfLink = ({ type, portForwards = [] }: Interface): PortForward[] =>
  type === 'network' ? portForwards.flatMap(forwardsIn) : [];

/** All of a document. */
export const forwardsOf = ({ devices }: Domain): PortForward[] =>
  (devices.interfaces ?? []).flatMap(forwardsOfLink);

/** Whether what arrives at a port could be meant for either: no address means all, and no link any. */
export function isSamePlace(a: PortForward, b: PortForward): boolean {
  return (
    a.protocol === b.protocol &&
    isSameAddress(a.address, b.address) &&
    (a.dev === undefined || b.dev === undefined || a.dev === b.dev)
  );
}

function isSameAddress(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return true;
  return familyOf(a) === familyOf(b) && (isUnspecified(a) || isUnspecified(b));
}

/** The ports that both ask for, in words; undefined if there is none. */
export function sharedPorts(a: PortForward, b: PortForward): string | undefined {
  const [start, end] = [Math.max(a.start, b.start), Math.min(a.end, b.end)];
  if (start > end || !isSamePlace(a, b)) return undefined;
  return portsInWords({ ...a, start, end });
}

/** As people are told of it. */
export function portsInWords({ protocol, start, end, address, dev }: PortForward): string {
  const ports = start === end ? `port ${start}` : `ports ${start} to ${end}`;
  const at = address === undefined ? 'of the host' : `of ${address}`;
  return `${protocol} ${ports} ${at}${dev === undefined ? '' : ` by ${dev}`}`;
}
