// The host's clock, by which all moments are that the daemon tells: the browser's may be another one.
// SPDX-License-Identifier: Apache-2.0

/** Answers tell the second alone, and take their way: what differs by less is the same. */
const samePartMs = 3000;

let aheadMs = 0;

/** An answer says when it was given. */
export function hearDate(date: Date): void {
  const here = new Date();
  const ms = date.getTime() - here.getTime();
  if (Number.isNaN(ms)) return;
  aheadMs = Math.abs(ms) < samePartMs ? 0 : ms;
}

/** Now, as the host has it. */
export function hostNow(): Date {
  const now = new Date();
  now.setMilliseconds(now.getMilliseconds() + aheadMs);
  return now;
}

/** Whether the last step of numbers over time is over, so that there is another. */
export const isOver = ({ to }: { readonly to: string }): boolean => new Date(to) <= hostNow();
