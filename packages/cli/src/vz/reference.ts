// docs/reference/vzctl.md and the manual pages of OpenVZ's programs, from their tables of verbs, options and fields.
// SPDX-License-Identifier: Apache-2.0
import { version } from '@ctvirt/api';
import { plain, tagged } from '../reference/man.js';
import { table } from '../reference/markdown.js';
import { capitalise } from '../wording.js';
import type { VzVerb } from './ctl/verb.js';
import { vzVerbs } from './ctl/verbs.js';
import { vzCodes } from './exit-codes.js';
import { fields } from './list/fields.js';
import { vzlistOptions } from './list/vzlist.js';
import type { ProgramName } from './names.js';
import { vzcalcOptions } from './node/vzcalc.js';
import { vzcpucheckOptions } from './node/vzcpucheck.js';
import { vzmemcheckOptions } from './node/vzmemcheck.js';
import { vzubcOptions } from './node/vzubc.js';
import type { VzOption, VzOptions } from './options.js';

/** What a page says of a program before its options. */
interface Page {
  readonly name: ProgramName;
  readonly summary: string;
  readonly synopsis: string;
  readonly here: string;
  readonly options: VzOptions;
}

const others: readonly Page[] = [
  {
    name: 'vzlist',
    summary: 'list containers',
    synopsis: '[OPTIONS] [CTID ...]',
    here: 'Those that run, or all with -a: CTID, processes, status, addresses and host name. A status is running, mounted (vzctl mount) or stopped. It ends with 1 where none that was named is there.',
    options: vzlistOptions,
  },
  {
    name: 'vzubc',
    summary: 'what containers hold and may hold',
    synopsis: '[OPTIONS] [CTID ...]',
    here: 'The beancounters of those that run (`ctvirt beancounters`), pages in bytes, and percentages of barrier and limit.',
    options: vzubcOptions,
  },
  {
    name: 'vzmemcheck',
    summary: "the node's memory, used and promised",
    synopsis: '[-v] [-A]',
    here: 'By OpenVZ’s formulas, of all domains that run; unlim is a limit that one of them does not have. `ctvirt guarantees` has the ledger that the daemon keeps promises by.',
    options: vzmemcheckOptions,
  },
  {
    name: 'vzcpucheck',
    summary: "the node's processors, used and promised",
    synopsis: '[-v]',
    here: 'The CPU units of all domains that run, against those of the node by `ctvirt guarantees`.',
    options: vzcpucheckOptions,
  },
  {
    name: 'vzcalc',
    summary: 'what part of the node a container has',
    synopsis: '[-v] CTID',
    here: 'In percent: what it uses, is promised, and may have.',
    options: vzcalcOptions,
  },
];

const optionWord = (name: string, { short, value }: VzOption): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;

const optionTable = (options: VzOptions): string =>
  table(
    ['Option', 'Here'],
    Object.entries(options).map(([name, option]) => [
      `\`${optionWord(name, option)}\``,
      capitalise(option.here),
    ]),
  );

/** The parameters of set are create's, too, and told once. */
const ownOptions = ({ names, options }: VzVerb): VzOptions => {
  const [set] = vzVerbs.filter((verb) => verb.names.includes('set'));
  if (!names.includes('create') || set === undefined) return options;
  return Object.fromEntries(Object.entries(options).filter(([name]) => set.options[name] === undefined));
};

const usageOf = ({ names, synopsis }: VzVerb): string =>
  `vzctl ${names.join(' | ')} CTID ${synopsis}`.trimEnd();

/** Without a suffix. */
const isAdditive = ({ name }: (typeof fields)[number]): boolean => !name.includes('.');

const fieldsText = `Fields: ${fields
  .filter(isAdditive)
  .map(({ name }) => `\`${name}\``)
  .join(
    ', ',
  )}. Beancounters have \`.m\`, \`.b\`, \`.l\` and \`.f\` besides, \`diskspace\` and \`diskinodes\` \`.s\` and \`.h\`.`;

const preface = [
  "vzctl 4's programs for domains of type openvz: the words of panels and scripts of a decade, over the daemon that `ctvirt` asks. A word of digits is a CTID, whatever a container is called; any other is a name. The domain of container 101 is called 101, or by the name that it was given.",
  'The conformance test is `e2e/src/stories/vzctl.e2e.ts`: lines of OVZ Web Panel, SolusVM, HyperVM, Proxmox VE 3 and OpenVZ’s wiki.',
];

const straight = (text: string): string => text.replaceAll('’', "'");

/** docs/reference/vzctl.md. */
export function formatVzctl(): string {
  const verbs = vzVerbs.flatMap((verb) => {
    const options = ownOptions(verb);
    return [
      `### ${verb.names.join(', ')}`,
      `\`${usageOf(verb)}\``,
      verb.here,
      ...(Object.keys(options).length > 0 ? [optionTable(options)] : []),
    ];
  });
  const programs = others.flatMap(({ name, synopsis, here, options }) => [
    `## ${name}`,
    `\`${name} ${synopsis}\``,
    here,
    optionTable(options),
    ...(name === 'vzlist' ? [fieldsText] : []),
  ]);
  return straight(
    [
      '<!-- generated from the verbs: npm run gen -->',
      '# vzctl',
      ...preface,
      '## vzctl',
      '`--quiet` before the verb says nothing but data and errors; `--verbose` and `--skiplock` are taken.',
      ...verbs,
      ...programs,
      '## Exit status of vzctl',
      table(
        ['Status', 'Meaning'],
        Object.values(vzCodes)
          .map(({ status, meaning }) => [String(status), capitalise(meaning)])
          .sort(([one], [other]) => Number(one) - Number(other)),
      ),
      'The other programs end with 1 when they fail.',
      '',
    ].join('\n\n'),
  );
}

const head = (name: string, summary: string): string[] => [
  `.TH ${name.toUpperCase()} 8 "" "ctvirt ${version}" "ctvirt"`,
  '.SH NAME',
  `${name} \\- ${plain(summary)}`,
];

const seeAlso = ['.SH SEE ALSO', '.BR ctvirt (1),', '.BR vzctl (8)', ''];

const optionTags = (options: VzOptions): readonly string[] =>
  tagged(
    Object.entries(options).map(([name, option]) => [optionWord(name, option), capitalise(option.here)]),
  );

function vzctlPage(): string {
  return [
    ...head('vzctl', 'containers of OpenVZ, as domains of ctvirt'),
    '.SH SYNOPSIS',
    ...vzVerbs.flatMap((verb) => ['.br', plain(usageOf(verb))]),
    '.SH DESCRIPTION',
    ...preface.slice(0, 1).map(plain),
    '.SH VERBS',
    ...vzVerbs.flatMap((verb) => [
      `.SS ${plain(verb.names.join(', '))}`,
      plain(verb.here),
      ...optionTags(ownOptions(verb)),
    ]),
    '.SH EXIT STATUS',
    ...tagged(Object.values(vzCodes).map(({ status, meaning }) => [String(status), capitalise(meaning)])),
    ...seeAlso,
  ].join('\n');
}

/** The manual pages, by program. */
export const vzManPages = (): readonly { readonly name: ProgramName; readonly text: string }[] =>
  [
    { name: 'vzctl' as const, text: vzctlPage() },
    ...others.map(({ name, summary, synopsis, here, options }) => ({
      name,
      text: [
        ...head(name, summary),
        '.SH SYNOPSIS',
        `.B ${name}`,
        plain(synopsis),
        '.SH DESCRIPTION',
        plain(here),
        '.SH OPTIONS',
        ...optionTags(options),
        ...(name === 'vzlist' ? ['.SH FIELDS', plain(fieldsText)] : []),
        ...seeAlso,
      ].join('\n'),
    })),
  ].map(({ name, text }) => ({ name, text: straight(text).replaceAll('`', '') }));
