// Numbers, sizes and times as people read them; sizes and durations in the command line's own forms.
// SPDX-License-Identifier: Apache-2.0

/** What stands where nothing tells. */
export const unknown = '–';

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const GIB = binaryUnits.indexOf('GiB');

/** `1.5 GiB`: one decimal below ten, and of gibibytes and more below a hundred, where it is not nought. */
export function bytes(value: number): string {
  let left = Math.abs(value);
  let unit = 0;
  while (left >= 1024 && unit < binaryUnits.length - 1) {
    left /= 1024;
    unit++;
  }
  const isExact = unit > 0 && (left < 10 || (unit >= GIB && left < 100 && !left.toFixed(1).endsWith('.0')));
  const text = isExact ? left.toFixed(1) : String(Math.round(left));
  return `${value < 0 ? '−' : ''}${text} ${binaryUnits[unit]}`;
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `12,345`. */
export const count = (value: number): string => whole.format(value).replace('-', '−');

/** `0.42` processors: 1 is one all the time. */
export const processors = (share: number): string =>
  share >= 10 ? share.toFixed(1) : share.toFixed(2).replace('-', '−');

/** `61 %`. */
export const percent = (share: number): string => {
  if (share > 0 && share < 0.001) return '<0.1 %';
  return share > 0 && share < 0.01 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;
};

const spans = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** `3d 4h`, `12m 5s`: the two largest units. */
export function duration(seconds: number): string {
  const first = spans.findIndex(([, length]) => seconds >= length);
  if (first < 0) return '0s';
  let left = seconds;
  const parts = spans.slice(first, first + 2).map(([unit, length]) => {
    const amount = Math.floor(left / length);
    left -= amount * length;
    return `${amount}${unit}`;
  });
  return parts.join(' ');
}

/** Seconds from a moment until now. */
export const secondsSince = (moment: string, now: Date): number =>
  Math.max(0, (now.getTime() - new Date(moment).getTime()) / 1000);

/** Whose times are told: the browser's own, wherever the host is. */
export const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

const clockForm = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayForm = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** `14:02:11` of today, with its day else. */
export function moment(value: string, now: Date): string {
  const date = new Date(value);
  const clock = clockForm.format(date);
  return date.toDateString() === now.toDateString() ? clock : `${dayForm.format(date)}, ${clock}`;
}

/** `1 domain`, `12 domains`. */
export const plural = (amount: number, one: string, many = `${one}s`): string =>
  `${count(amount)} ${amount === 1 ? one : many}`;

/** The moment so many seconds before now: RFC 3339. */
export function ago(seconds: number, now: Date): string {
  const date = new Date(now);
  date.setSeconds(date.getSeconds() - seconds);
  return date.toISOString();
}
