// One command line from its words to its exit status.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '@ctvirt/api';
import { findVerb, parseVerb, verbsOfNoun } from './command-line.js';
import { Context } from './context.js';
import { type Choice, socketPathOf, startHint } from './endpoint.js';
import { CliError, describeError, encodeError } from './errors.js';
import { usageStatus } from './exit-status.js';
import { fitted, helpNoun, helpOverview, helpVerb } from './help.js';
import { hasColour, type Io } from './io.js';
import type { Verb } from './verb.js';
import { verbs } from './verbs/index.js';

/** Runs `ctvirt WORDS...`; every failure becomes words on stderr and a status. */
export async function run(words: readonly string[], io: Io): Promise<number> {
  let choice: Choice = {};
  let verb: Verb | undefined;
  // Of a command line that cannot be read; behind -- are the words of another program.
  const end = words.indexOf('--');
  let isJson = words.slice(0, end < 0 ? words.length : end).includes('--json');
  try {
    if (words.includes('--version') && words.length === 1) return await run(['version', '--client'], io);
    const isAsked = words.includes('--help') || words.includes('-h');
    const ofNoun = isAsked ? verbsOfNoun(words, verbs) : [];
    if (ofNoun.length > 0) {
      io.stdout.write(fitted(helpNoun(ofNoun), io.stdout));
      return 0;
    }
    const found = findVerb(words, verbs);
    if (found === undefined) {
      const output = isAsked ? io.stdout : io.stderr;
      output.write(fitted(helpOverview(verbs), output));
      return isAsked ? 0 : usageStatus;
    }
    verb = found.verb;
    const { args, options } = parseVerb(verb, found.rest);
    if (options.help === true) {
      io.stdout.write(fitted(helpVerb(verb), io.stdout));
      return 0;
    }
    choice = {
      socket: textOf(options.socket),
      root: textOf(options.root),
      uri: textOf(options.connect),
    };
    isJson = options.json === true;
    // su's -c is a program, and so are others'.
    if (choice.uri !== undefined && !choice.uri.includes(':'))
      throw new CliError('usage', `--connect takes a URI, such as qemu+unix:///system, not '${choice.uri}'`);
    const context = new Context(io, {
      json: isJson,
      quiet: options.quiet === true,
      progressLines: isInLines(textOf(options.progress)),
      endpoint: choice.uri === undefined ? { socketPath: socketPathOf(choice, io.env) } : { uri: choice.uri },
    });
    try {
      const status = (await verb.run(context, { args, options })) ?? 0;
      context.tellRemarks();
      return status;
    } finally {
      context.close();
    }
  } catch (error) {
    return fail(error, io, choice, verb, isJson);
  }
}

function isInLines(way: string | undefined): boolean {
  if (way === undefined || way === 'bar') return false;
  if (way === 'lines') return true;
  throw new CliError('usage', `--progress is bar or lines, not '${way}'`);
}

function fail(error: unknown, io: Io, choice: Choice, verb: Verb | undefined, isJson: boolean): number {
  const isUsage = error instanceof CliError && error.code === 'usage';
  const { status, text } = isJson ? encodeError(error) : describeError(error, hasColour(io.stderr, io.env));
  io.stderr.write(text);
  if (!isJson) advise(error, io, choice, verb);
  return isUsage ? status : (verb?.failureStatus ?? status);
}

/** What to do next, where the error itself does not know. */
function advise(error: unknown, io: Io, choice: Choice, verb: Verb | undefined): void {
  if (error instanceof ApiError && error.code === 'unreachable')
    io.stderr.write(`${startHint(choice, io.env, error.cause)}\n`);
  if (error instanceof CliError && error.code === 'usage')
    io.stderr.write(
      `see 'ctvirt help${verb === undefined || verb.name === 'help' ? '' : ` ${verb.name}`}'\n`,
    );
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
