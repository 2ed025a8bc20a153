// What has passed links, as the kernel counts it: of all links of a network, and of those that it reports as gone.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readlinkSync, writeSync } from 'node:fs';
import { endianness } from 'node:os';
import koffi from 'koffi';
import { unlessGone } from './gone.js';
import { ATTRIBUTE_HEADER, get32 } from './netlink.js';
import { type Attribute, attributesOf, dump } from './netlink-route.js';
import { NetlinkWatch } from './netlink-watch.js';
import { check } from './syscalls.js';

const CLONE_NEWNET = 0x40000000;
const cSetns = koffi.load(null).func('int setns(int, int)');

const NETLINK_ROUTE = 0;
const LINKS_GROUP = 1;
const NEW_LINK = 16;
const DEL_LINK = 17;
const GET_LINK = 18;
const LINK_HEADER = 16;
const INDEX = 4;
const numbers = { name: 3, info: 18, counts: 23, lowerNamespace: 37, kind: 1 } as const;
const wanted = [numbers.name, numbers.info, numbers.counts, numbers.lowerNamespace];

/** A link of a network, and what has passed it since it was made. */
export interface CountedLink {
  readonly name: string;
  readonly index: number;
  /** A macvlan whose other end is in another network. */
  readonly isFromElsewhere: boolean;
  readonly rx: PassedCount;
  readonly tx: PassedCount;
}

/** What passed one way. */
export interface PassedCount {
  readonly bytes: bigint;
  readonly packets: bigint;
}

/** All links of this network, in one answer of the kernel's. */
export const linkCounts = (): CountedLink[] => dump(GET_LINK, NEW_LINK, LINK_HEADER, countedIn, { wanted });

/** The network of a process by its number, which no other has at the same time; undefined where the process has ended. */
export const networkOf = (pid: number | 'self'): string | undefined =>
  unlessGone(() => /\d+/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[0]);

/** All links of a process' network. */
export function linkCountsOf(pid: number): CountedLink[] {
  const [here, there] = [openSync('/proc/thread-self/ns/net', 'r'), openSync(`/proc/${pid}/ns/net`, 'r')];
  try {
    check(cSetns(there, CLONE_NEWNET), 'setns', 'a network');
    try {
      return linkCounts();
    } finally {
      comeBack(here);
    }
  } finally {
    closeSync(here);
    closeSync(there);
  }
}

/** In another network every name means another link: there is no going on from there. */
function comeBack(here: number): void {
  try {
    check(cSetns(here, CLONE_NEWNET), 'setns', "the host's network");
  } catch (error) {
    writeSync(2, `ctvirt cannot come back from a network: ${String(error)}\n`);
    process.abort();
  }
}

/** Links of this network that go, with all that had passed them. */
export class GoneLinks implements Disposable {
  readonly #watch = new NetlinkWatch(NETLINK_ROUTE, [LINKS_GROUP], DEL_LINK);

  open(): void {
    this.#watch.open();
  }

  /** Those that went since the last time; undefined where there were more than the kernel kept. */
  take(): CountedLink[] | undefined {
    return this.#watch.take()?.flatMap(({ body }) =>
      // A port that leaves its bridge is told likewise, as of another family.
      body.readUInt8(0) === 0
        ? countedIn(body.subarray(0, LINK_HEADER), attributesOf(body, LINK_HEADER, body.length, wanted))
        : [],
    );
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

function countedIn(head: Buffer, body: readonly Attribute[]): CountedLink[] {
  const values = new Map(body.map(({ type, value }) => [type, value]));
  const counts = values.get(numbers.counts);
  if (counts === undefined) return [];
  const number = (at: number): bigint =>
    endianness() === 'LE' ? counts.readBigUInt64LE(at * 8) : counts.readBigUInt64BE(at * 8);
  return [
    {
      name: textIn(values.get(numbers.name)),
      index: get32(head, INDEX),
      isFromElsewhere: kindOf(values.get(numbers.info)) === 'macvlan' && values.has(numbers.lowerNamespace),
      // struct rtnl_link_stats64 begins with packets in and out, then bytes.
      rx: { packets: number(0), bytes: number(2) },
      tx: { packets: number(1), bytes: number(3) },
    },
  ];
}

const textIn = (value: Buffer | undefined): string => value?.toString().replace(/\0$/, '') ?? '';
const kindOf = (info: Buffer | undefined): string =>
  info === undefined || info.length < ATTRIBUTE_HEADER
    ? ''
    : textIn(attributesOf(info, 0, info.length, [numbers.kind])[0]?.value);
