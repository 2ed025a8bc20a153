// What the host itself needs a link for, and how it is set.
// SPDX-License-Identifier: Apache-2.0
import { linkIndex, linkOfIndex } from './links.js';
import { get32 } from './netlink.js';
import { dump } from './netlink-route.js';

const NEW_LINK = 16;
const GET_LINK = 18;
const LINK_HEADER = 16;
const at = { index: 4, flags: 8 } as const;
const IFF_UP = 1;
const numbers = { mac: 1, mtu: 4, lower: 5, master: 10, info: 18, lowerNamespace: 37, kind: 1 } as const;

/** A link of this network. */
export interface LinkUse {
  readonly isUp: boolean;
  readonly mac: string;
  readonly mtu: number;
  /** Whether it is a card: the kernel hands that back when the network it was in ends, and unmakes all others. */
  readonly isHardware: boolean;
  /** The bridge or bond that it is a port of. */
  readonly master: string | undefined;
  /** A VLAN's or macvlan's that lies on it. */
  readonly upper: string | undefined;
}

/** Undefined where there is none of this name. */
export function linkUse(name: string): LinkUse | undefined {
  const index = linkIndex(name);
  const links = dump(GET_LINK, NEW_LINK, LINK_HEADER, (head, body) => {
    const values = new Map(body.map(({ type, value }) => [type & 0x3fff, value]));
    const number = (type: number): number | undefined => {
      const value = values.get(type);
      return value === undefined ? undefined : get32(value, 0);
    };
    // Two ends of a pair lie on each other, in the kernel's account.
    const lower = values.has(numbers.lowerNamespace) ? undefined : number(numbers.lower);
    return [
      {
        index: get32(head, at.index),
        isUp: (get32(head, at.flags) & IFF_UP) !== 0,
        mac: [...(values.get(numbers.mac) ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
        mtu: number(numbers.mtu) ?? 0,
        isHardware: !values.has(numbers.info),
        master: number(numbers.master),
        lower,
      },
    ];
  });
  const own = links.find((link) => index > 0 && link.index === index);
  if (own === undefined) return undefined;
  const upper = links.find((link) => link.lower === index && own.lower !== link.index);
  const nameOf = (number: number | undefined) => (number === undefined ? undefined : linkOfIndex(number));
  const { isUp, mac, mtu, isHardware, master } = own;
  return { isUp, mac, mtu, isHardware, master: nameOf(master), upper: nameOf(upper?.index) };
}
