// When things are to be done: cron's five fields, how long a thing is kept, and names made of a moment. Pure functions.
// SPDX-License-Identifier: Apache-2.0
import { Cron } from 'croner';
import { EngineError } from '../errors.js';

const nicknames = ['@hourly', '@daily', '@weekly', '@monthly', '@yearly'] as const;

/** What a schedule looks like; the library takes more than cron does, such as a single moment. */
const fields = /^\S+(?: +\S+){4}$/;

/** The next moment of a schedule after one, in the host's zone if none is said; undefined if there is none any more. */
export function nextTime(when: string, after: Date, zone?: string): Date | undefined {
  return cronOf(when, zone).nextRun(after) ?? undefined;
}

/** The same of many schedules again and again: what was worked out holds until its moment has come. */
export class NextTimes {
  readonly #known = new Map<string, { readonly from: number; readonly at: Date | undefined }[]>();

  constructor(private readonly zone?: string | undefined) {}

  after(when: string, after: Date): Date | undefined {
    const from = after.valueOf();
    const known = this.#known.get(when) ?? [];
    const found = known.find((one) => one.from <= from && (one.at === undefined || from < one.at.valueOf()));
    if (found !== undefined) return found.at;
    const at = nextTime(when, after, this.zone);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(when, [{ from, at }, ...known].slice(0, MOST_OF_ONE));
    return at;
  }
}

/** More schedules, and more moments of one, than hosts have that are looked after. */
const MOST_KNOWN = 1000;
const MOST_OF_ONE = 8;

/** Throws `invalid` for what is no schedule, or one whose time never comes. */
export function checkWhen(when: string): void {
  if (nextTime(when, new Date()) === undefined)
    throw new EngineError('invalid', `the time of the schedule '${when}' never comes`);
}

function cronOf(when: string, zone: string | undefined): Cron {
  const refuse = (why: string, cause?: unknown): never => {
    throw new EngineError(
      'invalid',
      `'${when}' is no schedule, ${why}: ${nicknames.join(', ')}, or the five fields of cron, such as '30 4 * * 1-5'`,
      {},
      { cause },
    );
  };
  const isNickname = nicknames.some((one) => one === when);
  if (!isNickname && !fields.test(when)) return refuse('which is one of');
  try {
    return new Cron(when, { paused: true, mode: '5-part', ...(zone !== undefined && { timezone: zone }) });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^CronPattern: /, '') : String(cause);
    return refuse(`since ${why}; it is one of`, cause);
  }
}

const HOUR_MS = 3_600_000;
const units: ReadonlyMap<string, number> = new Map([
  ['m', 60_000],
  ['h', HOUR_MS],
  ['d', 24 * HOUR_MS],
  ['w', 7 * 24 * HOUR_MS],
]);

/** Milliseconds of `90m`, `36h`, `7d` or `4w`; throws `invalid` for anything else. */
export function spanMs(text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})([mhdw])$/.exec(text) ?? [];
  const ms = units.get(unit);
  if (ms !== undefined) return Number(count) * ms;
  throw new EngineError(
    'invalid',
    `'${text}' is no span of time: a number with m, h, d or w for minutes, hours, days or weeks, such as 7d`,
  );
}

const parts = { Y: 'year', m: 'month', d: 'day', H: 'hour', M: 'minute', S: 'second' } as const;

const isPart = (letter: string): letter is keyof typeof parts => Object.hasOwn(parts, letter);

/** Throws `invalid` for a pattern that makes no names. */
export function checkPattern(pattern: string): void {
  if (/^(?:[\w.:-]|%[YmdHMS])+$/.test(pattern) && /^[\w%]/.test(pattern) && pattern.length <= 100) return;
  throw new EngineError(
    'invalid',
    `'${pattern}' is no pattern of names: letters, digits and .:_-, with %Y, %m, %d, %H, %M and %S for the time`,
  );
}

/** A name made of a moment, as the clocks of the zone show it. */
export function nameAt(pattern: string, at: Date, zone?: string): string {
  const shown = new Intl.DateTimeFormat('en-US', {
    ...{
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    },
    hourCycle: 'h23',
    ...(zone !== undefined && { timeZone: zone }),
  }).formatToParts(at);
  return pattern.replace(/%(.)/g, (whole, letter: string) =>
    isPart(letter) ? (shown.find(({ type }) => type === parts[letter])?.value ?? whole) : whole,
  );
}
