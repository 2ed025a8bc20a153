// The words of a command line to a verb, its arguments and its options.
// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { CliError } from './errors.js';
import { didYouMean } from './suggestion.js';
import type { Option, Options, Verb, Words } from './verb.js';
import { optionHere, verbHere } from './vzctl-words.js';

/** The options every verb takes, before or after its name. */
export const globalOptions = {
  json: { type: 'flag', summary: 'Print data as JSON, and an error as a line of JSON on stderr' },
  quiet: { type: 'flag', short: 'q', summary: 'Say nothing but data and errors' },
  progress: {
    type: 'text',
    value: 'WAY',
    complete: ['bar', 'lines'],
    summary:
      'How far a long operation is: a bar on a terminal (default), or lines on stderr wherever that goes',
  },
  root: {
    type: 'text',
    value: 'DIR',
    complete: 'directory',
    summary: "Talk to the daemon of this root (default: CTVIRT_ROOT, else the system's)",
  },
  connect: {
    type: 'text',
    short: 'c',
    value: 'URI',
    summary: 'Talk to the libvirt of this URI instead, such as qemu+unix:///system',
  },
  socket: { type: 'text', value: 'PATH', complete: 'file', summary: 'Talk to the daemon on this socket' },
  help: { type: 'flag', short: 'h', summary: 'Show help' },
} as const satisfies Options;

/** A verb with its words sorted by its own declaration; a whole number among them is a number, a flag is true or false. */
export interface ParsedCommand extends Words {
  readonly verb: Verb;
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];

const toParser = (options: Options) =>
  Object.fromEntries(
    Object.entries(options).map(([name, { type, short }]) => [
      name,
      {
        type: type === 'flag' ? ('boolean' as const) : ('string' as const),
        multiple: true,
        ...(short !== undefined && { short }),
      },
    ]),
  );

/** Words after the last option, and after what may be its value, are no options whatever they say: ten thousand files do. */
function tokensOf(words: readonly string[], options: Options): readonly Token[] {
  const plainFrom = words.findLastIndex((word) => word.startsWith('-')) + 2;
  // strict is off since a verb must name the nearest option, and since some verbs pass options on.
  const { tokens = [] } = parseArgs({
    args: words.slice(0, plainFrom),
    options: toParser(options),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const plain = words
    .slice(plainFrom)
    .map((value, at): Token => ({ kind: 'positional', index: plainFrom + at, value }));
  return [...tokens, ...plain];
}

/** Splits a command line into the verb and the words left over; undefined where no verb is named. */
export function findVerb(
  words: readonly string[],
  verbs: readonly Verb[],
): { verb: Verb; rest: readonly string[] } | undefined {
  const positions = tokensOf(words, globalOptions).flatMap((token) =>
    token.kind === 'positional' ? [token.index] : [],
  );
  const [first, second] = positions;
  if (first === undefined) return undefined;
  const one = words[first] ?? '';
  const without = (...indexes: readonly number[]) => words.filter((_, index) => !indexes.includes(index));
  const two = second === undefined ? undefined : words[second];
  const both = verbs.find(({ name }) => name === `${one} ${two}`);
  if (both !== undefined && second !== undefined) return { verb: both, rest: without(first, second) };
  const single = verbs.find(({ name, aliases }) => name === one || aliases?.includes(one));
  if (single !== undefined) return { verb: single, rest: without(first) };
  const nouns = verbs.filter(({ name }) => name.startsWith(`${one} `));
  if (nouns.length === 0) {
    const known = verbs.flatMap(({ name, aliases, hidden }) =>
      hidden ? [] : [name.split(' ')[0] ?? name, ...(aliases ?? [])],
    );
    throw new CliError('usage', `unknown command '${one}'${verbHere(one) ?? didYouMean(one, known)}`);
  }
  const actions = actionsOf(one, nouns);
  const oneOf = `one of: ${actions.join(', ')}`;
  if (two === undefined) throw new CliError('usage', `${one} what? ${oneOf}`);
  const called = `${one} ${two}`;
  const hint =
    verbHere(called) ??
    (didYouMean(
      called,
      nouns.map(({ name }) => name),
    ) ||
      `; ${oneOf}`);
  throw new CliError('usage', `unknown command '${called}'${hint}`);
}

/** The verbs of a noun that stands alone, such as `network`. */
export function verbsOfNoun(words: readonly string[], verbs: readonly Verb[]): readonly Verb[] {
  const [noun, ...more] = tokensOf(words, globalOptions).flatMap((token) =>
    token.kind === 'positional' ? [token.value] : [],
  );
  const isVerb = verbs.some(({ name }) => name === noun);
  return isVerb || more.length > 0 ? [] : verbs.filter(({ name }) => name.startsWith(`${noun} `));
}

const actionsOf = (noun: string, verbs: readonly Verb[]): readonly string[] =>
  verbs.map(({ name }) => name.slice(noun.length + 1));

/** Reads a verb's words; throws CliError `usage` that says what does not fit. */
export function parseVerb(verb: Verb, words: readonly string[]): ParsedCommand {
  const known: Options = { ...globalOptions, ...verb.options };
  const declared = Object.entries(verb.args);
  const hasRest = declared.at(-1)?.[1].rest === true;
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokensOf(words, known)) {
    if (token.kind === 'option-terminator') {
      if (!hasRest) continue;
      positionals.push(...words.slice(token.index + 1));
      break;
    }
    if (token.kind === 'positional') {
      if (hasRest && positionals.length >= declared.length - 1) {
        positionals.push(...words.slice(token.index));
        break;
      }
      positionals.push(token.value);
      continue;
    }
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (option === undefined)
      throw new CliError('usage', unknownOption(verb, token.rawName, Object.keys(known)));
    values.set(token.name, [
      ...(values.get(token.name) ?? []),
      givenValue(option, token.rawName, token.value),
    ]);
  }
  const given = values.get('help') !== undefined;
  return {
    verb,
    args: given ? {} : assignArguments(verb, positionals),
    options: Object.fromEntries(
      Object.entries(known).map(([name, option]) => [name, convert(name, option, values.get(name))]),
    ),
  };
}

function unknownOption(verb: Verb, rawName: string, known: readonly string[]): string {
  const hint =
    optionHere(verb.name, rawName.replace(/^--?/, '')) ??
    didYouMean(
      rawName,
      known.map((name) => `--${name}`),
    );
  const isName = hint === '' && Object.keys(verb.args).length > 0;
  return `${verb.name}: unknown option '${rawName}'${isName ? '; a name that begins with a dash comes after --' : hint}`;
}

function givenValue(option: Option, rawName: string, value: string | undefined): string {
  if (option.type === 'flag') {
    if (value !== undefined) throw new CliError('usage', `${rawName} takes no value`);
    return '';
  }
  // An empty one comes of a shell's variable that is not set.
  if (value === undefined || value === '')
    throw new CliError('usage', `${rawName} needs a value: ${rawName} ${option.value ?? 'VALUE'}`);
  return value;
}

function convert(name: string, option: Option, given: readonly string[] | undefined) {
  if (option.type === 'flag') return given !== undefined;
  if (option.type === 'texts') return given ?? [];
  if (given !== undefined && given.length > 1)
    throw new CliError('usage', `--${name} is given more than once`);
  const [text] = given ?? [];
  if (option.type === 'text' || text === undefined) return text;
  if (!/^\d{1,9}$/.test(text)) throw new CliError('usage', `--${name} takes a whole number, not '${text}'`);
  return Number(text);
}

function assignArguments(verb: Verb, positionals: readonly string[]): ParsedCommand['args'] {
  const declared = Object.entries(verb.args);
  const args: Record<string, string | readonly string[] | undefined> = {};
  for (const [at, [name, { rest, many, optional }]] of declared.entries()) {
    const value = rest || many ? positionals.slice(at) : positionals[at];
    if (!optional && (value === undefined || value.length === 0))
      throw new CliError('usage', `${verb.name}: ${name.toUpperCase()} is missing; usage: ${usageOf(verb)}`);
    if (!rest && (value === '' || (many && value?.includes(''))))
      throw new CliError('usage', `${verb.name}: ${name.toUpperCase()} is empty; usage: ${usageOf(verb)}`);
    args[name] = value;
  }
  const last = declared.at(-1)?.[1];
  const extra = last?.rest || last?.many ? undefined : positionals[declared.length];
  if (extra !== undefined)
    throw new CliError('usage', `${verb.name}: '${extra}' is one argument too many; usage: ${usageOf(verb)}`);
  return args;
}

/** `ctvirt shutdown [OPTIONS] DOMAIN`. */
export function usageOf(verb: Verb): string {
  const args = Object.entries(verb.args).map(([name, { optional, rest, many }]) => {
    const word = name.toUpperCase() + (rest || many ? '...' : '');
    return optional ? `[${word}]` : word;
  });
  const options = Object.keys(verb.options).length > 0 ? ['[OPTIONS]'] : [];
  return ['ctvirt', verb.name, ...options, ...args].join(' ');
}
