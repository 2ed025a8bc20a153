// What the host reaches over its bridges, and must go on reaching there: its own addresses, next hops, permanent neighbours.
// SPDX-License-Identifier: Apache-2.0
import { addressesOn, peersOn } from '../host/link-addresses.js';
import { NETLINK_ROUTE } from '../host/netlink.js';
import { NetlinkWatch } from '../host/netlink-watch.js';
import { withLinksAbove } from '../host/upper-links.js';
import { takenElements, type WallElement } from './wall-elements.js';

/** Links, neighbours, addresses and routes of both families, next hops by number. */
const groups = [1, 3, 5, 7, 9, 11, 32];
/** Of a host with very many routes that change all the time, looking takes at most this part of the time. */
const SHARE = 50;

/** Caches the addresses until the kernel reports a change. */
export class HostNeighbours implements Disposable {
  readonly #watch = new NetlinkWatch(NETLINK_ROUTE, groups);
  #known: { readonly bridges: string; readonly elements: readonly WallElement[] } | undefined;
  #notBefore = 0;

  /** What no container on these bridges may take. */
  elements(bridges: ReadonlySet<string>): readonly WallElement[] {
    const names = [...bridges].sort().join();
    if (bridges.size === 0) {
      this.#known = undefined;
      return [];
    }
    this.#watch.open();
    const isSame = this.#known?.bridges === names;
    if (this.#known !== undefined && isSame) {
      if (performance.now() < this.#notBefore) return this.#known.elements;
      if (this.#watch.take()?.length === 0) return this.#known.elements;
    } else this.#watch.take();
    const began = performance.now();
    // Also by VLANs and macvlans on a bridge, whose frames its ports may be given untagged.
    const links = withLinksAbove(bridges);
    const addresses = [...addressesOn(links), ...peersOn(links)];
    this.#known = { bridges: names, elements: takenElements(addresses) };
    const now = performance.now();
    this.#notBefore = now + SHARE * (now - began);
    return this.#known.elements;
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}
