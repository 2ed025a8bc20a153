// Help on the terminal, from the verbs' declarations.
// SPDX-License-Identifier: Apache-2.0
import { globalOptions, usageOf } from './command-line.js';
import { exitStatuses } from './exit-status.js';
import type { Output } from './io.js';
import type { Group, Options, Verb } from './verb.js';

type Rows = readonly (readonly [left: string, right: string])[];

/** `ctvirt help`: every verb in a line. */
export function helpOverview(verbs: readonly Verb[]): string {
  const groups = byGroup(verbs).map(
    ({ group, verbs }) => `${group}:\n${columns(verbs.map(({ name, summary }) => [name, summary]))}`,
  );
  return [
    'ctvirt runs container domains. Usage: ctvirt VERB [OPTIONS] [ARGUMENTS]\n',
    ...groups,
    `Options of every verb:\n${columns(optionRows(globalOptions))}`,
    `Exit status:\n${columns(exitStatuses.map(({ status, summary }) => [String(status), summary]))}`,
    "'ctvirt help VERB' tells more of one verb.\n",
  ].join('\n');
}

/** `ctvirt help network`: each verb that begins so. */
export function helpNoun(verbs: readonly Verb[]): string {
  const rows = verbs.map(({ name, summary, aliases }) => [name, withAliases(summary, aliases)] as const);
  return `${columns(rows)}\n'ctvirt help VERB' tells more of one verb.\n`;
}

const withAliases = (summary: string, aliases: readonly string[] = []): string =>
  aliases.length === 0 ? summary : `${summary} (also: ${aliases.join(', ')})`;

/** `ctvirt help VERB`. */
export function helpVerb(verb: Verb): string {
  const args = Object.entries(verb.args).map(([name, { summary }]) => [name.toUpperCase(), summary] as const);
  const options = optionRows(verb.options);
  const aliases = verb.aliases ?? [];
  return [
    `${verb.summary}\n\n  ${usageOf(verb)}\n`,
    ...(aliases.length > 0 ? [`Also: ${aliases.join(', ')}\n`] : []),
    ...(verb.details ?? []).map((paragraph) => `${paragraph}\n`),
    ...(args.length > 0 ? [`Arguments:\n${columns(args)}`] : []),
    ...(options.length > 0 ? [`Options:\n${columns(options)}`] : []),
    `Options of every verb:\n${columns(optionRows(globalOptions))}`,
    `Example:\n  ${verb.example.command}\n    ${verb.example.does}\n`,
  ].join('\n');
}

/** The verbs that are shown, below their headings. */
export function byGroup(
  verbs: readonly Verb[],
): readonly { readonly group: Group; readonly verbs: readonly Verb[] }[] {
  const shown = verbs.filter(({ hidden }) => !hidden);
  const groups = [...new Set(shown.map(({ group }) => group))];
  return groups.map((group) => ({ group, verbs: shown.filter((verb) => verb.group === group) }));
}

/** An option as it is typed: `-q, --quiet`, `--timeout SECONDS`. */
export const optionRows = (options: Options): Rows =>
  Object.entries(options).map(([name, { type, short, value, summary }]) => [
    `${short === undefined ? '' : `-${short}, `}--${name}${type === 'flag' ? '' : ` ${value ?? 'VALUE'}`}`,
    type === 'texts' ? `${summary} (may be repeated)` : summary,
  ]);

/** Broken between words where it is read on a terminal, below the column that it stands in; command lines stay whole. */
export function fitted(text: string, { isTTY, columns: width = 0 }: Output): string {
  if (isTTY !== true || width < NARROWEST) return text;
  return text
    .split('\n')
    .map((line) => (/^ *ctvirt /.test(line) ? line : brokenAt(line, width)))
    .join('\n');
}

/** Below it there is no room beside the longest option. */
const NARROWEST = 60;

function brokenAt(line: string, width: number): string {
  const indent = / {2}\S.*? {2,}(?=\S)/.exec(line)?.[0].length ?? /^ */.exec(line)?.[0].length ?? 0;
  const [first = '', ...more] = line.slice(indent).split(' ');
  const lines = [line.slice(0, indent) + first];
  for (const word of more) {
    const last = lines.at(-1) ?? '';
    if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(' '.repeat(indent) + word);
  }
  return lines.join('\n');
}

const columns = (rows: Rows): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
};
