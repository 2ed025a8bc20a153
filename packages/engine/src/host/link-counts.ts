// What has passed links, as the kernel counts it: of all links of a network, and of those that it reports as gone.
// SPDX-License-Identifier: Apache-2.0
import { readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { unlessGone } from './gone.js';
import { countedLinks, type LinkWithCounts, linkNamed, linkOfMessage } from './host-links.js';
import { NETLINK_ROUTE } from './netlink.js';
import { NetlinkWatch } from './netlink-watch.js';
import { inNetwork } from './other-network.js';

const LINKS_GROUP = 1;
const DEL_LINK = 17;

/** A link of a network, and what has passed it since it was made. */
export interface CountedLink {
  readonly name: string;
  readonly index: number;
  /** A macvlan whose other end is in another network. */
  readonly isFromElsewhere: boolean;
  /** Its other end in another network, as `placeOf` names it. */
  readonly peer: string | undefined;
  readonly rx: PassedCount;
  readonly tx: PassedCount;
}

/** What passed one way. */
export interface PassedCount {
  readonly bytes: bigint;
  readonly packets: bigint;
  readonly errors: bigint;
  readonly drops: bigint;
}

/** All links of this network, in one answer of the kernel's. */
export const linkCounts = (): CountedLink[] => countedLinks().map(countedIn);

/** One link of this network; undefined where there is none of this name. */
export function linkCount(name: string): CountedLink | undefined {
  const found = linkNamed(name);
  return found && countedIn(found);
}

/** A link by this network's number for another one, and its own number there. */
export const placeOf = (network: number, index: number): string => `${network} ${index}`;

/** The network of a process by its number, which no other has at the same time; undefined where the process has ended. */
export const networkOf = (pid: number | 'self'): string | undefined =>
  unlessGone(() => /\d+/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[0]);

/** All links of a process' network. */
export const linkCountsOf = (pid: number): CountedLink[] => inNetwork(`/proc/${pid}/ns/net`, linkCounts);

/** A link that went. */
export interface GoneLink extends CountedLink {
  /** Where it was, as `placeOf` names it, if in another network of which this one has a number; undefined if in this one. */
  readonly elsewhere: string | undefined;
}

/**
 * Links that go, with what had passed them. A pair is taken apart before it is told of: each end tells then what it has sent, and
 * nothing of what it received from the other.
 */
export class GoneLinks implements Disposable {
  readonly #watch = new NetlinkWatch(NETLINK_ROUTE, [LINKS_GROUP], DEL_LINK);

  open(): void {
    this.#watch.open();
  }

  /** Those that went since the last time; undefined where there were more than the kernel kept. */
  take(): GoneLink[] | undefined {
    return this.#watch.take()?.flatMap(({ body, network }) =>
      // A port that leaves its bridge is told likewise, as of another family.
      (body.readUInt8(0) === 0 ? linkOfMessage(body) : []).map((link) => ({
        ...countedIn(link),
        elsewhere: network === undefined ? undefined : placeOf(network, link.index),
      })),
    );
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

function countedIn({ name, index, kind, elsewhere, counts }: LinkWithCounts): CountedLink {
  const number = (at: number): bigint =>
    endianness() === 'LE' ? counts.readBigUInt64LE(at * 8) : counts.readBigUInt64BE(at * 8);
  return {
    name,
    index,
    isFromElsewhere: kind === 'macvlan' && elsewhere !== undefined,
    peer: elsewhere && placeOf(elsewhere.network, elsewhere.index),
    // struct rtnl_link_stats64 begins with packets in and out, then bytes, errors, and what was dropped.
    rx: { packets: number(0), bytes: number(2), errors: number(4), drops: number(6) },
    tx: { packets: number(1), bytes: number(3), errors: number(5), drops: number(7) },
  };
}
