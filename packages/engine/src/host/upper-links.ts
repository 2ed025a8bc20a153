// Which links of the host lie above others: what they send and hear goes over these.
// SPDX-License-Identifier: Apache-2.0
import { linkIndex } from './links.js';
import { type Attribute, attribute, get32 } from './netlink.js';
import { dump } from './netlink-route.js';

const NEW_LINK = 16;
const GET_LINK = 18;
const LINK_HEADER = 16;
const LINK_INDEX = 4;
const numbers = { name: 3, lower: 5, master: 10, mask: 29, lowerNamespace: 37 } as const;
const wanted = [numbers.name, numbers.lower, numbers.master, numbers.lowerNamespace];
/** Without what each link has counted, which is most of an answer. */
const SKIP_STATISTICS = 8;

/** A link, and the links it is stacked on. */
export interface StackedLink {
  readonly name: string;
  readonly index: number;
  /** A VLAN's, a macvlan's and a tunnel's, by its index here. */
  readonly lower: number | undefined;
  /** The bridge or bond it is a port of. */
  readonly master: number | undefined;
}

/** These links, and those above them: VLANs, macvlans, the bridges these are ports of, and so on. */
export const withLinksAbove = (names: Iterable<string>): string[] =>
  stackOn([...names].map(linkIndex), allLinks());

/** Returns the names of the links with these indexes, and of all links above them. */
export function stackOn(indexes: readonly number[], links: readonly StackedLink[]): string[] {
  const found = new Set(indexes);
  // A link may come after one that lies on it.
  for (let before = -1; found.size > before; ) {
    before = found.size;
    for (const { index, lower, master } of links) {
      if (lower !== undefined && found.has(lower)) found.add(index);
      if (master !== undefined && found.has(index)) found.add(master);
    }
  }
  return links.filter(({ index }) => found.has(index)).map(({ name }) => name);
}

function allLinks(): StackedLink[] {
  const mask = Buffer.from(Uint32Array.of(SKIP_STATISTICS).buffer);
  const more = { asked: attribute(numbers.mask, mask), wanted };
  return dump(GET_LINK, NEW_LINK, LINK_HEADER, linksIn, more);
}

function linksIn(head: Buffer, body: readonly Attribute[]): StackedLink[] {
  const values = new Map(body.map(({ type, value }) => [type, value]));
  const number = (type: number): number | undefined => {
    const value = values.get(type);
    return value === undefined ? undefined : get32(value, 0);
  };
  return [
    {
      name: (values.get(numbers.name) ?? Buffer.alloc(0)).toString().replace(/\0$/, ''),
      index: get32(head, LINK_INDEX),
      // A number of another network's says nothing here.
      lower: values.has(numbers.lowerNamespace) ? undefined : number(numbers.lower),
      master: number(numbers.master),
    },
  ];
}
