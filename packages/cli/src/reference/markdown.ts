// docs/reference/cli.md, from the verbs' declarations.
// SPDX-License-Identifier: Apache-2.0
import { globalOptions, usageOf } from '../command-line.js';
import { exitStatuses } from '../exit-status.js';
import { byGroup, optionRows } from '../help.js';
import type { Options, Verb } from '../verb.js';

/** The reference page of the whole command line. */
export function formatMarkdown(verbs: readonly Verb[]): string {
  return [
    '<!-- generated from the verbs: npm run gen -->',
    '# ctvirt',
    '`ctvirt VERB [OPTIONS] [ARGUMENTS]`',
    ...byGroup(verbs).flatMap(({ group, verbs }) => [`## ${group}`, ...verbs.flatMap(section)]),
    '## Options of every verb',
    optionTable(globalOptions),
    '## Exit status',
    table(
      ['Status', 'Code', 'Meaning'],
      exitStatuses.map(({ status, code, summary }) => [String(status), `\`${code}\``, summary]),
    ),
    '',
  ].join('\n\n');
}

function section(verb: Verb): readonly string[] {
  const args = Object.entries(verb.args);
  return [
    `### ${verb.name}`,
    `${verb.summary}.`,
    `\`${usageOf(verb)}\``,
    ...(verb.aliases ? [`Also: ${verb.aliases.map((alias) => `\`${alias}\``).join(', ')}`] : []),
    ...(verb.details ?? []).map(prose),
    ...(args.length > 0
      ? [
          table(
            ['Argument', 'Meaning'],
            args.map(([name, { summary }]) => [`\`${name.toUpperCase()}\``, summary]),
          ),
        ]
      : []),
    ...(Object.keys(verb.options).length > 0 ? [optionTable(verb.options)] : []),
    `${prose(verb.example.does)}\n\n\`\`\`sh\n${verb.example.command}\n\`\`\``,
  ];
}

const optionTable = (options: Options): string =>
  table(
    ['Option', 'Meaning'],
    optionRows(options).map(([left, right]) => [`\`${left}\``, right]),
  );

/** Its cells are in words, with code in backquotes. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(escapeCell).join(' | ')} |`).join('\n');

const escapeCell = (text: string): string => prose(text).replaceAll('|', '\\|');

/** An element of a document is none of the page's; what stands in backquotes is taken as it is. */
const prose = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '\\<')))
    .join('');
