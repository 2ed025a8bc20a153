// One command line from its words to its exit status.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '@ctvirt/api';
import { findVerb, parseVerb } from './command-line.js';
import { Context } from './context.js';
import { type Choice, socketPathOf, startHint } from './endpoint.js';
import { CliError, describeError } from './errors.js';
import { usageStatus } from './exit-status.js';
import { helpOverview, helpVerb } from './help.js';
import { hasColour, type Io } from './io.js';
import type { Verb } from './verb.js';
import { verbs } from './verbs/index.js';

/** Runs `ctvirt WORDS...`; every failure becomes words on stderr and a status. */
export async function run(words: readonly string[], io: Io): Promise<number> {
  let choice: Choice = {};
  let verb: Verb | undefined;
  try {
    if (words.includes('--version') && words.length === 1) return await run(['version', '--client'], io);
    const found = findVerb(words, verbs);
    if (found === undefined) {
      const isAsked = words.includes('--help') || words.includes('-h');
      (isAsked ? io.stdout : io.stderr).write(helpOverview(verbs));
      return isAsked ? 0 : usageStatus;
    }
    verb = found.verb;
    const { args, options } = parseVerb(verb, found.rest);
    if (options.help === true) {
      io.stdout.write(helpVerb(verb));
      return 0;
    }
    choice = {
      socket: textOf(options.socket),
      root: textOf(options.root),
      uri: textOf(options.connect),
    };
    const context = new Context(io, {
      json: options.json === true,
      quiet: options.quiet === true,
      endpoint: choice.uri === undefined ? { socketPath: socketPathOf(choice, io.env) } : { uri: choice.uri },
    });
    try {
      // parseVerb has read args and options by the verb's own declaration.
      return (await verb.run(context, { args, options } as never)) ?? 0;
    } finally {
      context.close();
    }
  } catch (error) {
    return fail(error, io, choice, verb);
  }
}

function fail(error: unknown, io: Io, choice: Choice, verb: Verb | undefined): number {
  const { status, text } = describeError(error, hasColour(io.stderr, io.env));
  io.stderr.write(text);
  if (error instanceof ApiError && error.code === 'unreachable')
    io.stderr.write(`${startHint(choice, io.env, error.cause)}\n`);
  const isUsage = error instanceof CliError && error.code === 'usage';
  if (isUsage) io.stderr.write(`see 'ctvirt help${verb === undefined ? '' : ` ${verb.name}`}'\n`);
  return isUsage ? status : (verb?.failureStatus ?? status);
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
