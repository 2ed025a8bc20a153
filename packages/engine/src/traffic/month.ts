// What domains sent and received in one month: a book by days, and where each link's counter stood when it was last read.
// SPDX-License-Identifier: Apache-2.0
import type { LinkReading, Passed } from '../view.js';

/** A domain as a month knows it. */
export interface Booked {
  name: string;
  /** By day of the month, from `01` on. */
  readonly days: Map<string, Passed>;
}

/** Nothing. */
export const nothing: Passed = { inBytes: 0n, inPackets: 0n, outBytes: 0n, outPackets: 0n };

const pairwise = (a: Passed, b: Passed, count: (a: bigint, b: bigint) => bigint): Passed => ({
  inBytes: count(a.inBytes, b.inBytes),
  inPackets: count(a.inPackets, b.inPackets),
  outBytes: count(a.outBytes, b.outBytes),
  outPackets: count(a.outPackets, b.outPackets),
});

/** Both together. */
export const sum = (a: Passed, b: Passed): Passed => pairwise(a, b, (one, other) => one + other);

const higher = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** In anything. */
const isLower = (now: Passed, before: Passed): boolean =>
  now.inBytes < before.inBytes ||
  now.inPackets < before.inPackets ||
  now.outBytes < before.outBytes ||
  now.outPackets < before.outPackets;

/** What passed since it stood at `before`; a counter that is lower now belongs to another link. */
function since(now: Passed, before: Passed): Passed {
  return isLower(now, before) ? now : pairwise(now, before, (one, other) => one - other);
}

/** A month of the calendar, in UTC. */
export class Month {
  private constructor(
    /** `2026-11`. */
    readonly month: string,
    /** The one with the highest knows where the counters stand. */
    readonly sequence: number,
    readonly domains: Map<string, Booked>,
    readonly links: Map<string, Passed>,
  ) {}

  static first(month: string): Month {
    return new Month(month, 1, new Map(), new Map());
  }

  /** This month, with what another one, in use until now, knows of links. */
  after({ sequence, links }: Month): Month {
    return new Month(this.month, sequence + 1, this.domains, new Map(links));
  }

  /** Returns whether anything was new. */
  book({ uuid, name, link, passed, isLate }: LinkReading, day: string): boolean {
    const before = this.links.get(link);
    const now = isLate ? pairwise(passed, before ?? nothing, higher) : passed;
    this.links.set(link, now);
    const more = since(now, before ?? nothing);
    const isMore = Object.values(more).some((count: bigint) => count > 0n);
    if (!isMore) return before === undefined;
    const booked = this.domains.get(uuid) ?? { name: uuid, days: new Map() };
    booked.name = name ?? booked.name;
    booked.days.set(day, sum(booked.days.get(day) ?? nothing, more));
    this.domains.set(uuid, booked);
    return true;
  }

  format(): string {
    const lines = <T>(map: Map<string, T>, value: (one: T) => unknown): string =>
      [...map].map(([key, one]) => `${JSON.stringify(key)}:${JSON.stringify(value(one))}`).join(',\n');
    const domain = ({ name, days }: Booked) => ({
      name,
      days: Object.fromEntries([...days].map(([day, passed]) => [day, words(passed)])),
    });
    return (
      `{"version":1,"month":${JSON.stringify(this.month)},"sequence":${this.sequence},\n` +
      `"domains":{\n${lines(this.domains, domain)}\n},\n"links":{\n${lines(this.links, words)}\n}}\n`
    );
  }

  /** Undefined for what no daemon of this version wrote of that month. */
  static parse(text: string, of: string): Month | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return undefined; // cut off or spoilt, said by whoever asked
    }
    if (!isObject(value) || value['version'] !== 1) return undefined;
    const { month, sequence, domains, links } = value;
    if (month !== of || typeof sequence !== 'number') return undefined;
    const booked = mapOf(domains, bookedIn);
    const counted = mapOf(links, passedIn);
    if (booked === undefined || counted === undefined) return undefined;
    return new Month(of, sequence, booked, counted);
  }
}

/** Of a year with four digits. */
export const isMonth = (text: string): boolean => /^\d{4}-(0[1-9]|1[0-2])$/.test(text);

const words = ({ inBytes, inPackets, outBytes, outPackets }: Passed): string[] =>
  [inBytes, inPackets, outBytes, outPackets].map(String);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined if any of the values is. */
function mapOf<T>(value: unknown, read: (one: unknown) => T | undefined): Map<string, T> | undefined {
  if (!isObject(value)) return undefined;
  const map = new Map<string, T>();
  for (const [key, one] of Object.entries(value)) {
    const known = read(one);
    if (known === undefined) return undefined;
    map.set(key, known);
  }
  return map;
}

function bookedIn(value: unknown): Booked | undefined {
  if (!isObject(value) || typeof value['name'] !== 'string') return undefined;
  const days = mapOf(value['days'], passedIn);
  return days === undefined ? undefined : { name: value['name'], days };
}

function passedIn(value: unknown): Passed | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const counts = value.map((one: unknown) =>
    typeof one === 'string' && /^\d{1,30}$/.test(one) ? BigInt(one) : undefined,
  );
  const [inBytes, inPackets, outBytes, outPackets] = counts;
  if (inBytes === undefined || inPackets === undefined) return undefined;
  if (outBytes === undefined || outPackets === undefined) return undefined;
  return { inBytes, inPackets, outBytes, outPackets };
}
