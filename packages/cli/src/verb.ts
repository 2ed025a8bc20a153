// How a verb is declared: words, arguments, options, example, and what it does. Help and completion derive from it.
// SPDX-License-Identifier: Apache-2.0
import type { Context } from './context.js';

/** What the shell may offer for a value. */
export type Completion =
  | 'domain'
  | 'active-domain'
  | 'inactive-domain'
  | 'template'
  | 'profile'
  | 'network'
  | 'active-network'
  | 'inactive-network'
  | 'filter'
  | 'root'
  | 'snapshot'
  | 'format'
  | 'element'
  | 'file'
  | 'directory'
  | 'verb';

/** A word of the command line by its position; its name in capitals is what usage calls it. */
export interface Argument {
  readonly summary: string;
  readonly complete?: Completion | readonly string[];
  readonly optional?: boolean;
  /** Takes all that follows, options of other programs included; only the last argument may. */
  readonly rest?: boolean;
  /** Takes all that follow but options, which may stand between; only the last argument may. */
  readonly many?: boolean;
}

/** A word with dashes; `texts` may be given many times, every other kind once. */
export interface Option {
  readonly type: 'flag' | 'text' | 'whole' | 'texts';
  readonly summary: string;
  readonly short?: string;
  /** What a value is called in help. */
  readonly value?: string;
  readonly complete?: Completion | readonly string[];
}

/** By name, in the order in which the words stand. */
export type Arguments = { readonly [name: string]: Argument };
/** By name without its dashes. */
export type Options = { readonly [name: string]: Option };

interface ValueOf {
  flag: boolean;
  text: string | undefined;
  whole: number | undefined;
  texts: readonly string[];
}

type ArgumentValue<A extends Argument> = A extends { readonly rest: true } | { readonly many: true }
  ? readonly string[]
  : A extends { readonly optional: true }
    ? string | undefined
    : string;

/** The words of a command line by name, as they were read by some declaration. */
export interface Words {
  readonly args: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly options: Readonly<Record<string, boolean | string | number | readonly string[] | undefined>>;
}

/** What a verb's `run` gets beside its context. */
export interface Given<A extends Arguments, O extends Options> {
  readonly args: { readonly [N in keyof A]: ArgumentValue<A[N]> };
  readonly options: { readonly [N in keyof O]: ValueOf[O[N]['type']] };
}

/** A heading of the help; verbs stand below it in the order of the list of verbs. */
export type Group =
  | 'Domains'
  | 'Snapshots'
  | 'Backups'
  | 'Documents'
  | 'Templates and profiles'
  | 'Networks'
  | 'Network filters'
  | 'Host'
  | 'ctvirt itself';

interface Declaration<A extends Arguments, O extends Options> {
  /** One or two words: `start`, `template import`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: Group;
  readonly summary: string;
  /** Paragraphs below the summary. */
  readonly details?: readonly string[];
  readonly args: A;
  /** A function where they come from a table that other verbs need not read. */
  readonly options: O | (() => O);
  /** A whole command line that works, and what it does. */
  readonly example: { readonly command: string; readonly does: string };
  /** Not listed in help. */
  readonly hidden?: boolean;
  /** Failures of ctvirt itself end with this status, where others would be mistaken for the verb's own. */
  readonly failureStatus?: number;
  /** Returns the exit status, if not 0. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a run without a result is the usual one
  run(context: Context, given: Given<A, O>): Promise<number | void>;
}

/** What the command line, help, manual and completion know of a verb; only its own declaration knows more of its types. */
export interface Verb extends Omit<Declaration<Arguments, Options>, 'options' | 'run'> {
  readonly options: Options;
  /** Takes the words as they were read by this declaration; returns the exit status, if not 0. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a run without a result is the usual one
  run(context: Context, given: Words): Promise<number | void>;
}

/** Declares a verb; `run` sees its arguments and options by their declared types. */
export const verb = <const A extends Arguments, const O extends Options>(
  declaration: Declaration<A, O>,
): Verb => ({
  ...declaration,
  get options() {
    return optionsOf(declaration);
  },
  async run(context, given) {
    if (!fits(given, declaration)) throw new Error(`the words are not those of '${declaration.name}'`);
    return await declaration.run(context, given);
  },
});

const optionsOf = <A extends Arguments, O extends Options>({ options }: Declaration<A, O>): O =>
  typeof options === 'function' ? options() : options;

const fits = <A extends Arguments, O extends Options>(
  given: Words,
  declaration: Declaration<A, O>,
): given is Words & Given<A, O> =>
  Object.entries(declaration.args).every(([name, argument]) => isArgument(given.args[name], argument)) &&
  Object.entries(optionsOf(declaration)).every(([name, { type }]) => isOption[type](given.options[name]));

function isArgument(value: unknown, { rest, many, optional }: Argument): boolean {
  if (rest || many) return Array.isArray(value);
  return typeof value === 'string' || (optional === true && value === undefined);
}

const isOption: Readonly<Record<Option['type'], (value: unknown) => boolean>> = {
  flag: (value) => typeof value === 'boolean',
  text: (value) => value === undefined || typeof value === 'string',
  whole: (value) => value === undefined || typeof value === 'number',
  texts: Array.isArray,
};
