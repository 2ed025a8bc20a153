// The text of OpenVZ's /proc/user_beancounters, column by column as the scripts of its users expect it.
// SPDX-License-Identifier: Apache-2.0
import { unlimited } from './values.js';

/** One line; null in barrier and limit is unlimited, elsewhere it is not known. */
export interface BeancounterLine {
  readonly resource: string;
  readonly held: number | null;
  readonly maxheld: number | null;
  readonly barrier: number | null;
  readonly limit: number | null;
  readonly failcnt: number | null;
}

/** The lines of one container. */
export interface BeancounterBlock {
  /** The CTID; of a container without one its UUID, as OpenVZ 7 has it. */
  readonly uid: string;
  readonly lines: readonly BeancounterLine[];
}

/** Places that the kernel keeps free: before these resources stand so many. */
const dummies: Readonly<Record<string, number>> = { numproc: 1, numiptent: 3 };

/** As a 64-bit OpenVZ kernel wrote it. The form has no word for what is not known: it is 0 here. */
export function formatUserBeancounters(blocks: readonly BeancounterBlock[]): string {
  const lines = blocks.flatMap(({ uid, lines: own }) =>
    own.flatMap(withDummies).map((line, at) => row(at === 0 ? `${uid}:` : '', line)),
  );
  const head = columns('uid', 'resource', ['held', 'maxheld', 'barrier', 'limit', 'failcnt']);
  return `${['Version: 2.5', head, ...lines].join('\n')}\n`;
}

const nothing = { held: 0, maxheld: 0, barrier: 0, limit: 0, failcnt: 0 };

const withDummies = (line: BeancounterLine): BeancounterLine[] => [
  ...Array.from({ length: dummies[line.resource] ?? 0 }, () => ({ resource: 'dummy', ...nothing })),
  line,
];

const row = (uid: string, { resource, held, maxheld, barrier, limit, failcnt }: BeancounterLine): string =>
  columns(uid, resource, [
    String(held ?? 0),
    String(maxheld ?? 0),
    String(barrier ?? unlimited),
    String(limit ?? unlimited),
    String(failcnt ?? 0),
  ]);

/** The kernel's `%10s  %-12s %20lu …`. */
const columns = (uid: string, resource: string, values: readonly string[]): string =>
  [`${uid.padStart(10)}  ${resource.padEnd(12)}`, ...values.map((value) => value.padStart(20))].join(' ');
