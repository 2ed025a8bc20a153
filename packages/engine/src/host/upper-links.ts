// Which links of the host lie above others: what they send and hear goes over these.
// SPDX-License-Identifier: Apache-2.0
import { type HostLink, hostLinks } from './host-links.js';
import { linkIndex } from './links.js';

/** A link, and the links it is stacked on. */
export type StackedLink = Pick<HostLink, 'name' | 'index' | 'lower' | 'master'>;

/** These links, and those above them: VLANs, macvlans, the bridges these are ports of, and so on. */
export const withLinksAbove = (names: Iterable<string>): string[] =>
  stackOn([...names].map(linkIndex), hostLinks());

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
