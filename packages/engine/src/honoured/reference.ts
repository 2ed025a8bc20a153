// The reference page of what of a document is obeyed; its tables are made by trying every place of the schema.
// SPDX-License-Identifier: Apache-2.0
import { type Judged, judgeAll, type Verdict } from './verdicts.js';

const meanings: Readonly<Record<Exclude<Verdict, 'dropped' | 'untried'>, string>> = {
  obeyed: 'another value makes another start, or another end of the run',
  remarked: '`define` says at this place that it has no effect, and what happens instead',
  refused: '`define` takes no document that has it',
  kept: 'stored and given back; it describes, or is obeyed by what is named, and changes no start',
};

export async function formatHonoured(): Promise<string> {
  const all = await judgeAll();
  const counted = Object.entries(meanings).map(
    ([verdict, meaning]) =>
      `| ${verdict} | ${meaning} | ${all.filter((one) => one.verdict === verdict).length} |`,
  );
  return `# What of a document is obeyed

<!-- Written by \`npm run gen\`. -->

Each place of the domain XML where a value may stand, with what becomes of it here. Nobody writes this list: for every attribute and
element of the schema documents are made that differ there and nowhere else, and the engine's own reading of them is compared:
the plan of a start, what an end is followed by, and the remarks of \`define\`. A place of which neither tells anything has a reason in a
table (\`packages/engine/src/honoured/kept.ts\`), or a test fails. What carries out the plan has tests of its own.
See [decision 0033](../decisions/0033-nothing-dropped.md).

| here | means | places |
| --- | --- | --- |
${counted.join('\n')}

Kinds of an element stand in brackets: \`devices/filesystem[ram]\` is \`<filesystem type='ram'>\`. \`/*\` is all that stands in an element.

${sections(all).join('\n\n')}
`;
}

interface Row {
  readonly path: string;
  readonly kinds: readonly string[];
  readonly one: Judged;
}

const plain = (path: string): string => path.replace(/\[[^\]]*\]/g, '');
const kindOf = (path: string): string => (path.match(/\[[^\]]*\]/g) ?? []).join('').replace(/\]\[/g, ', ');
/** Of what is refused as a whole the words say no more than that. */
const sameAs = ({ verdict, isPartly, why }: Judged): string =>
  JSON.stringify([verdict, isPartly, verdict === 'refused' && !isPartly ? '' : why]);
const isRefused = ({ verdict, isPartly }: Judged): boolean => verdict === 'refused' && !isPartly;

/** One of the top level, one for each element of it and for each device. */
const titleOf = (path: string): string => {
  const steps = path.split('/');
  if (steps.length === 1) return 'domain';
  return steps[0] === 'devices' && steps.length > 2 ? `devices/${steps[1]}` : (steps[0] ?? '');
};

function sections(all: readonly Judged[]): string[] {
  const titles = [...new Set(all.map(({ path }) => titleOf(plain(path))))];
  return titles.map((title) => {
    const rows = rowsOf(
      all.filter(({ path }) => titleOf(plain(path)) === title),
      all,
    );
    const lines = rows.map(
      ({ path, kinds, one }) =>
        `| \`${path}\`${ofKinds(kinds)} | ${hereOf(one)} | ${(one.why ?? '').replace(/[|<]/g, '\\$&')} |`,
    );
    return [`## ${title}`, '', '| place | here | |', '| --- | --- | --- |', ...lines].join('\n');
  });
}

const ofKinds = (kinds: readonly string[]): string => (kinds.length === 0 ? '' : ` ${kinds.join(' ')}`);

const hereOf = ({ verdict, isPartly }: Judged): string =>
  !isPartly ? verdict : verdict === 'obeyed' ? 'obeyed, but for some values' : `${verdict}, for some values`;

/** Elements in which all is alike are one row, and kinds of a place that are alike, too. */
function rowsOf(some: readonly Judged[], all: readonly Judged[]): Row[] {
  const rows = new Map<string, { path: string; kinds: Set<string>; one: Judged; whys: Set<string> }>();
  for (const one of some) {
    const whole = wholeOf(one.path, all);
    const path = plain(whole);
    const key = `${path} ${sameAs(one)}`;
    const row = rows.get(key) ?? { path, kinds: new Set<string>(), one, whys: new Set<string>() };
    rows.set(key, row);
    row.kinds.add(kindOf(whole));
    row.whys.add(one.why ?? '');
  }
  return [...rows.values()].map(({ path, kinds, one, whys }) => {
    const others = kindsAt(path, all).filter((kind) => !kinds.has(kind));
    const why = whys.size > 1 ? 'no container has this' : one.why;
    return {
      path,
      one: { ...one, why },
      kinds: others.length === 0 && !isRefused(one) ? [] : [...kinds].filter((kind) => kind !== ''),
    };
  });
}

/** All kinds that there are of a place, or of an element, but for those that are refused as a whole. */
function kindsAt(path: string, all: readonly Judged[]): string[] {
  const around = path.replace(/\/\*$/, '');
  const depth = around.split('/').length;
  const found = all
    .filter((one) => !isRefused(one))
    .filter((one) => plain(one.path) === around || plain(one.path).startsWith(`${around}/`))
    .map((one) => kindOf(one.path.split('/').slice(0, depth).join('/')));
  return [...new Set(found)].filter((kind) => kind !== '');
}

/** The path of the largest element around in which all places are alike, or the place's own; kinds and all. */
function wholeOf(path: string, all: readonly Judged[]): string {
  const steps = path.split('/');
  for (let length = 1; length < steps.length; length++) {
    const around = steps.slice(0, length).join('/');
    const within = all.filter((one) => one.path.startsWith(`${around}/`));
    const places = new Set(within.map((one) => plain(one.path)));
    if (places.size > 1 && new Set(within.map(sameAs)).size === 1) return `${around}/*`;
  }
  return path;
}
