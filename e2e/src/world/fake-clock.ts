// Loaded into a daemon before it: its clock is ahead by what a file says, and timers whose time a leap has passed are over at once.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

const file = process.env['CTVIRT_TEST_CLOCK'] ?? '';
/** What waits for less does not wait for a time of the day. */
const LONG_MS = 5000;
const LOOK_MS = 50;

interface Waiting {
  readonly due: number;
  readonly fire: () => void;
}

const Real = Date;
const later = setTimeout;
const never = clearTimeout;
let ahead = 0;
const waiting = new Map<NodeJS.Timeout, Waiting>();

class Clock extends Real {
  constructor(...parts: [] | [number | string | Date]) {
    if (parts.length === 0) super(Real.now() + ahead);
    else super(...parts);
  }

  static override now(): number {
    return Real.now() + ahead;
  }
}

function wait(work: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): NodeJS.Timeout {
  const fire = (): void => {
    waiting.delete(timer);
    never(timer);
    work(...given);
  };
  const timer = later(fire, ms);
  if (ms >= LONG_MS) waiting.set(timer, { due: Clock.now() + ms, fire });
  return timer;
}

function forget(timer: NodeJS.Timeout): void {
  waiting.delete(timer);
  never(timer);
}

function look(): void {
  const said = readFileSync(file, 'utf8');
  const now = Number(said);
  // Nothing is in it while it is written anew.
  if (said === '' || now === ahead) return;
  ahead = now;
  for (const { due, fire } of [...waiting.values()]) if (due <= Clock.now()) fire();
}

if (file !== '') {
  Object.assign(globalThis, { Date: Clock, setTimeout: wait, clearTimeout: forget });
  look();
  setInterval(look, LOOK_MS).unref();
}
