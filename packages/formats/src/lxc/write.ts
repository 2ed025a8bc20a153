// The one writer of liblxc configuration text: what liblxc would read as something else is refused.
// SPDX-License-Identifier: Apache-2.0
import { FormatError } from '../errors.js';
import { fstabField } from '../fstab.js';
import { lxcKeyOf, type Shape } from './keys.js';

/** One line: a key with its `lxc.` and the value as it is meant, unescaped. */
export type LxcRow = readonly [key: string, value: string];

// liblxc hands mount entries to getmntent with a buffer of PATH_MAX: what is longer is cut there.
const maxMountEntry = 4095;

/** What a value must not be, by its shape; returns what is wrong. */
const shapes: Readonly<Record<Shape, (value: string) => string | undefined>> = {
  flag: (value) => (/^[01]$/.test(value) ? undefined : 'must be 0 or 1'),
  count: (value) => (/^-?\d{1,10}$|^[A-Z]{3,8}$/.test(value) ? undefined : 'must be a number'),
  word: (value) => (/\s/.test(value) ? 'must not hold a blank' : undefined),
  path: () => undefined,
  text: () => undefined,
  idmap: (value) =>
    /^[ugb] \d{1,10} \d{1,10} \d{1,10}$/.test(value) ? undefined : 'must be "u|g INSIDE OUTSIDE COUNT"',
  mount: (value) => {
    if (new TextEncoder().encode(value).length > maxMountEntry)
      return `is longer than the ${maxMountEntry} bytes that liblxc reads`;
    // Of all blanks getmntent splits at these two alone.
    return /^([^ \t]+ ){3}[^ \t]+( \d+ \d+)?$/.test(value)
      ? undefined
      : 'must be "SOURCE TARGET TYPE OPTIONS 0 0"';
  },
};

/** The text of a configuration, one row a line, in order; throws `unwritable` naming the row that cannot be. */
export function formatLxcConfig(rows: Iterable<LxcRow>): string {
  let text = '';
  for (const [key, value] of rows) text += `${key} = ${formatLxcValue(key, value)}\n`;
  return text;
}

function formatLxcValue(key: string, value: string): string {
  const known = key.startsWith('lxc.') ? lxcKeyOf(key.slice(4)) : undefined;
  if (known === undefined || !/^[A-Za-z0-9._*-]+$/.test(key))
    throw new FormatError('unwritable', `${shown(key)} is no configuration key of liblxc`, { key });
  const fault =
    value === '' ? 'is empty, which clears the key' : (commonFault(value) ?? shapes[known.shape](value));
  if (fault !== undefined)
    throw new FormatError('unwritable', `${key}: the value ${shown(value)} ${fault}`, { key });
  // liblxc trims blanks and then takes one pair of quotes off; another pair around the value keeps both.
  return /^[\s"']|\s$/.test(value) ? `"${value}"` : value;
}

function commonFault(value: string): string | undefined {
  if (/[\n\r\0]/.test(value)) return 'must not hold a line break or a NUL';
  return /\p{Surrogate}/u.test(value) ? 'is no valid Unicode text' : undefined;
}

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** One field of a mount entry, in fstab's own escapes; a path with any character survives. */
export function mountField(text: string): string {
  if (text === '') throw new FormatError('unwritable', 'a field of a mount entry must not be empty');
  return fstabField(text);
}

/** Parts of a mount entry, unescaped. `target` is relative to the root: a leading slash is taken off. */
export interface LxcMount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** The value of one `lxc.mount.entry`. */
export function formatMountEntry({ source, target, type, options }: LxcMount): string {
  const comma = options.find((option) => option.includes(','));
  if (comma !== undefined)
    throw new FormatError('unwritable', `the mount option ${shown(comma)} holds a comma`, {
      key: 'lxc.mount.entry',
    });
  const fields = [source, target.replace(/^\/+/, ''), type, options.join(',') || 'defaults'];
  return `${fields.map(mountField).join(' ')} 0 0`;
}

/** The value of `lxc.init.cmd`. liblxc splits at blanks and knows no quotes, so no argument may hold one or be empty. */
export function formatCommand(argv: readonly string[]): string {
  const bad = argv.find((argument) => argument === '' || /\s/.test(argument));
  if (bad !== undefined || argv.length === 0)
    throw new FormatError(
      'unwritable',
      `liblxc cannot be told the argument ${shown(bad ?? '')}: it splits at blanks`,
      {
        key: 'lxc.init.cmd',
      },
    );
  return argv.join(' ');
}
