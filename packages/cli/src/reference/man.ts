// The manual page ctvirt(1), from the verbs' declarations.
// SPDX-License-Identifier: Apache-2.0
import { version } from '@ctvirt/api';
import { globalOptions, usageOf } from '../command-line.js';
import { exitStatuses } from '../exit-status.js';
import { byGroup, optionRows } from '../help.js';
import type { Verb } from '../verb.js';

/** The page in man(7) macros. */
export function formatMan(verbs: readonly Verb[]): string {
  return [
    `.TH CTVIRT 1 "" "ctvirt ${version}" "ctvirt"`,
    '.SH NAME',
    'ctvirt \\- run container domains',
    '.SH SYNOPSIS',
    '.B ctvirt',
    '\\fIVERB\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]',
    '.SH OPTIONS OF EVERY VERB',
    ...tagged(optionRows(globalOptions)),
    ...byGroup(verbs).flatMap(({ group, verbs }) => [
      `.SH ${plain(group.toUpperCase())}`,
      ...verbs.flatMap(section),
    ]),
    '.SH EXIT STATUS',
    ...tagged(exitStatuses.map(({ status, summary }) => [String(status), summary])),
    '.SH ENVIRONMENT',
    ...tagged([
      ['CTVIRT_ROOT', 'The root whose daemon is asked, unless --root or --socket says otherwise'],
      ['VISUAL, EDITOR', 'What ctvirt edit opens'],
      ['NO_COLOR', 'Set to anything: no colour'],
    ]),
    '',
  ].join('\n');
}

function section(verb: Verb): readonly string[] {
  const args = Object.entries(verb.args).map(([name, { summary }]) => [name.toUpperCase(), summary] as const);
  return [
    `.SS ${plain(usageOf(verb))}`,
    `${plain(verb.summary)}.`,
    ...(verb.details ?? []).flatMap((paragraph) => ['.PP', plain(paragraph)]),
    ...tagged([...args, ...optionRows(verb.options)]),
    '.PP',
    `Example: ${plain(verb.example.does)}`,
    '.PP',
    '.EX',
    plain(verb.example.command),
    '.EE',
  ];
}

/** What each tag means. */
export const tagged = (rows: readonly (readonly [tag: string, text: string])[]): readonly string[] =>
  rows.flatMap(([tag, text]) => ['.TP', `\\fB${plain(tag)}\\fR`, plain(text)]);

/** Text that is no macro: backslashes, hyphens and leading dots lose their meaning. */
export const plain = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
