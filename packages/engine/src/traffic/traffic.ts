// What passed the links of domains, by day, for longer than they, this daemon and the host's uptime last: one file for each month.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TrafficReport } from '@ctvirt/api';
import { EngineError } from '../errors.js';
import { unfinishedIn, writeAtomically } from '../host/files.js';
import { unlessGone } from '../host/gone.js';
import type { EngineLog } from '../log.js';
import type { LinkReading, Passed } from '../view.js';
import { isMonth, Month, nothing, sum } from './month.js';

/** Dependencies of `Traffic`. */
export interface TrafficParts {
  readonly folder: string;
  readonly log: EngineLog;
  /** Those that are defined, by UUID. */
  readonly nameOf: (uuid: string) => string | undefined;
  /** The UUID of a defined domain, by whatever it is called. */
  readonly uuidOf: (ref: string) => string | undefined;
  readonly now?: () => Date;
  readonly write?: (path: string, text: string) => Promise<void>;
}

/** Which domain and month somebody wants to see. */
export interface TrafficOptions {
  readonly domain?: string;
  readonly month?: string;
}

/** So many months are kept, the running one included: of those that have anything. */
export const KEPT_MONTHS = 13;
/** What was booked is on the disk so much later at most: what a host that goes down may lose. */
const SAVE_MS = 120_000;
/** After the end of a run. */
const SOON_MS = 1000;

/** Books what is read of links, and returns what was booked. */
export class Traffic {
  /** In use: all is booked here. */
  #month: Month;
  #isChanged = false;
  /** Months as they were when another one came into use, until they are written: before that one, whose counters stand higher. */
  #left: { readonly month: string; readonly text: string }[] = [];
  #saving: Promise<void> | undefined;
  #timer: { readonly handle: NodeJS.Timeout; readonly dueMs: number } | undefined;
  #isComplained = false;
  /** What is to be done after what is booked now is on the disk. */
  #after: (() => void)[] = [];
  #look: () => Promise<void> = async () => undefined;

  private constructor(
    private readonly parts: TrafficParts,
    month: Month | undefined,
  ) {
    this.#month = month ?? Month.first(monthOf(this.#now()));
  }

  /** Goes on where an earlier daemon was. */
  static async open(parts: TrafficParts): Promise<Traffic> {
    const { folder } = parts;
    for (const path of unfinishedIn(folder)) rmSync(path, { force: true });
    let last: Month | undefined;
    for (const month of monthsIn(folder)) {
      const found = monthOnDisk(parts, month);
      if (found !== undefined && (last === undefined || found.sequence > last.sequence)) last = found;
    }
    return new Traffic(parts, last);
  }

  /** Who reads the counters before somebody is told of them. */
  readBy(look: () => Promise<void>): void {
    this.#look = look;
  }

  /**
   * Books what was read now. Links that are not among those that are `there` are forgotten, if that is told: what is read of them
   * later is a new link's.
   */
  book(readings: readonly LinkReading[], there?: (link: string) => boolean): void {
    const now = this.#now();
    this.#turnTo(monthOf(now));
    const day = now.toISOString().slice(8, 10);
    for (const reading of readings) if (this.#month.book(reading, day)) this.#isChanged = true;
    if (there !== undefined)
      for (const link of this.#month.links.keys())
        if (!there(link)) this.#isChanged = this.#month.links.delete(link) || this.#isChanged;
    if (this.#isChanged) this.#saveIn(SAVE_MS);
  }

  /** A domain is called otherwise now, and is shown so when it is gone. */
  rename(uuid: string, name: string): void {
    const booked = this.#month.domains.get(uuid);
    if (booked === undefined) return;
    booked.name = name;
    this.#isChanged = true;
    this.#saveIn(SAVE_MS);
  }

  /** A run has ended: what it came to is written soon, whatever becomes of the daemon then. `after` is called when it is. */
  saveSoon(after?: () => void): void {
    if (after !== undefined) this.#after.push(after);
    if (this.#isChanged || this.#after.length > 0) this.#saveIn(SOON_MS);
  }

  /** All that is booked is on the disk when this resolves, as far as there is room. */
  async save(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving;
    this.#saving = this.#write().finally(() => (this.#saving = undefined));
    await this.#saving;
  }

  /** Nothing is booked any more. */
  async close(): Promise<void> {
    this.#look = async () => undefined;
    await this.save();
    clearTimeout(this.#timer?.handle);
  }

  async report({ domain, month = monthOf(this.#now()) }: TrafficOptions = {}): Promise<TrafficReport[]> {
    if (!isMonth(month))
      throw new EngineError('invalid', `'${month}' is no month: one is written as 2026-11`);
    await this.#look();
    const { nameOf } = this.parts;
    const found = month === this.#month.month ? this.#month : this.#known(month);
    const reports = [...(found?.domains ?? [])].map(([uuid, booked]): TrafficReport => {
      const name = nameOf(uuid);
      const days = [...booked.days].sort(([a], [b]) => (a < b ? -1 : 1));
      return {
        name: name ?? booked.name,
        uuid,
        defined: name !== undefined,
        month,
        days: days.map(([day, passed]) => ({ day: `${month}-${day}`, ...inWords(passed) })),
        total: inWords(days.reduce((total, [, passed]) => sum(total, passed), nothing)),
      };
    });
    const sorted = reports.sort((a, b) => compare(a.name, b.name) || compare(a.uuid, b.uuid));
    return domain === undefined ? sorted : this.#only(domain, month, sorted);
  }

  /** One that is defined, and those that were and had its name; of one without traffic nothing has passed. */
  #only(ref: string, month: string, reports: readonly TrafficReport[]): TrafficReport[] {
    const { nameOf, uuidOf } = this.parts;
    const own = uuidOf(ref);
    const name = own === undefined ? ref : (nameOf(own) ?? ref);
    const found = reports.filter(
      (one) => one.uuid === (own ?? ref.toLowerCase()) || (!one.defined && one.name === name),
    );
    if (own !== undefined && !found.some(({ uuid }) => uuid === own))
      found.push({ name, uuid: own, defined: true, month, days: [], total: inWords(nothing) });
    if (found.length === 0)
      throw new EngineError(
        'not-found',
        `no domain has the name, UUID or id '${ref}', and of none that had it anything passed in ${month}`,
        { ref },
      );
    return found;
  }

  #now(): Date {
    return this.parts.now?.() ?? new Date();
  }

  /** What is booked from now on is that month's: usually the next one, any where somebody sets the clock. */
  #turnTo(month: string): void {
    const last = this.#month;
    if (month === last.month) return;
    if (this.#isChanged) this.#left.push({ month: last.month, text: last.format() });
    this.#isChanged = true;
    this.#month = (this.#known(month) ?? Month.first(month)).after(last);
  }

  /** One that is not in use. */
  #known(month: string): Month | undefined {
    const left = this.#left.findLast((one) => one.month === month);
    return left === undefined ? monthOnDisk(this.parts, month) : Month.parse(left.text, month);
  }

  #saveIn(ms: number): void {
    const dueMs = performance.now() + ms;
    if (this.#timer !== undefined && this.#timer.dueMs <= dueMs) return;
    clearTimeout(this.#timer?.handle);
    const handle = setTimeout(() => {
      this.#timer = undefined;
      void this.save();
    }, ms).unref();
    this.#timer = { handle, dueMs };
  }

  /** Counting goes on whether or not there is room for it; what does not fit is written the next time. */
  async #write(): Promise<void> {
    const { folder, log, write = writeAtomically } = this.parts;
    const after = this.#after;
    this.#after = [];
    try {
      for (let first = this.#left[0]; first !== undefined; first = this.#left[0]) {
        await write(pathOf(folder, first.month), first.text);
        this.#left.shift();
      }
      if (this.#isChanged) {
        this.#isChanged = false;
        await write(pathOf(folder, this.#month.month), this.#month.format()).catch((error: unknown) => {
          this.#isChanged = true;
          throw error;
        });
        // The one in use is, whatever the clock says: where the counters stand is known to it alone.
        const others = monthsIn(folder).filter((month) => month !== this.#month.month);
        for (const old of others.slice(0, 1 - KEPT_MONTHS)) rmSync(pathOf(folder, old), { force: true });
      }
      for (const done of after) done();
      if (this.#isComplained) log('info', 'what passes the links of domains is written down again');
      this.#isComplained = false;
    } catch (error) {
      this.#after.unshift(...after);
      this.#saveIn(SAVE_MS);
      if (this.#isComplained) return;
      this.#isComplained = true;
      log(
        'warn',
        `what passes the links of domains is counted, and cannot be written down: ${String(error)}`,
      );
    }
  }
}

const monthOf = (at: Date): string => at.toISOString().slice(0, 7);
const pathOf = (folder: string, month: string): string => join(folder, `${month}.json`);

/** What is damaged is set aside, and told. */
function monthOnDisk({ folder, log }: TrafficParts, month: string): Month | undefined {
  const path = pathOf(folder, month);
  let why = '';
  try {
    const text = unlessGone(() => readFileSync(path, 'utf8'));
    const found = text === undefined ? undefined : Month.parse(text, month);
    if (text === undefined || found !== undefined) return found;
  } catch (error) {
    why = ` (${String(error)})`;
  }
  const aside = `${path}.damaged`;
  renameSync(path, aside);
  log(
    'error',
    `${path} was damaged${why}: it is ${aside} now, and what passed in that month is counted anew`,
  );
  return undefined;
}

/** In order. */
const monthsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json') && isMonth(file.slice(0, -'.json'.length)))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();

/** JSON numbers are exact up to 2^53 only. */
const inWords = ({ inBytes, inPackets, outBytes, outPackets }: Passed) => ({
  inBytes: String(inBytes),
  inPackets: String(inPackets),
  outBytes: String(outBytes),
  outPackets: String(outPackets),
});

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
