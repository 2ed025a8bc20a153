// Command lines as getopt_long reads them: long options with a value behind = or a blank, and shortened as far as they are clear.
// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { VzError } from './exit-codes.js';

/** An option of one of the programs; what takes a value says what that is called. */
export interface VzOption {
  readonly value?: string;
  readonly short?: string;
  /** What becomes of it here, for the reference. */
  readonly here: string;
}
/** By name without its dashes. */
export type VzOptions = { readonly [name: string]: VzOption };

/** The words of a command line: options in the order in which they stand, and all else. */
export interface Given {
  readonly said: readonly { readonly name: string; readonly value: string }[];
  readonly words: readonly string[];
}

/** Whether an option stands there. */
export const isSaid = ({ said }: Given, name: string): boolean => said.some((one) => one.name === name);

/** The last word on it, as the last one counts. */
export const lastOf = ({ said }: Given, name: string): string | undefined =>
  said.findLast((one) => one.name === name)?.value;

/** For what takes options alone: a word besides would be one that nothing is done about. */
export function refuseWords({ words }: Given): void {
  if (words.length > 0) throw new VzError('syntax', `Invalid extra arguments: ${words.join(' ')}`);
}

/** `--ost` is `--ostemplate`; undefined where it is none, or not clear. */
function fullName(name: string, options: VzOptions): string | undefined {
  if (Object.hasOwn(options, name)) return name;
  const near = Object.keys(options).filter((one) => one.startsWith(name));
  return near.length === 1 ? near[0] : undefined;
}

/** Throws VzError `syntax` for what is no option, and for one without its value. */
export function readOptions(words: readonly string[], options: VzOptions): Given {
  const full = words.map((word) => {
    const [, dashed = '', rest = ''] = /^--([^=]+)(=.*)?$/s.exec(word) ?? [];
    return dashed === '' ? word : `--${fullName(dashed, options) ?? dashed}${rest}`;
  });
  const { tokens } = parseArgs({
    args: full,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value, short }]) => [
        name,
        {
          type: value === undefined ? ('boolean' as const) : ('string' as const),
          ...(short !== undefined && { short }),
        },
      ]),
    ),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const given: { said: { name: string; value: string }[]; words: string[] } = { said: [], words: [] };
  for (const token of tokens) {
    if (token.kind === 'positional') given.words.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw new VzError('syntax', `Invalid option ${token.rawName}`);
    if (option.value === undefined && token.value !== undefined)
      throw new VzError('syntax', `Option ${token.rawName} takes no value`);
    if (option.value !== undefined && token.value === undefined)
      throw new VzError('syntax', `Option ${token.rawName} needs a value: ${option.value}`);
    given.said.push({ name: token.name, value: token.value ?? '' });
  }
  return given;
}
