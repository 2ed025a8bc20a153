// Commands of ours in messages, which people copy to a shell: a name there is a name, whatever it looks like.
// SPDX-License-Identifier: Apache-2.0

/** What no shell reads anything into. */
const plain = /^[\p{L}\p{N}\p{M}_@%+:,./-][\p{L}\p{N}\p{M}_@%+:,./~=-]*$/u;

/** A word as a shell has to be told it. */
export const shellWord = (name: string): string =>
  plain.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;

/** `ctvirt VERB NAME... OPTIONS`; where a name begins with a dash all of them come last, after `--`. */
export function commandFor(verb: string, names: readonly string[], options = ''): string {
  const given = options === '' ? [] : [options];
  const words = names.map(shellWord);
  const isOption = names.some((name) => name.startsWith('-'));
  return ['ctvirt', verb, ...(isOption ? [...given, '--', ...words] : [...words, ...given])].join(' ');
}
