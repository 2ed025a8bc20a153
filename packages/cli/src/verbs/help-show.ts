// ctvirt help
// SPDX-License-Identifier: Apache-2.0
import { findVerb } from '../command-line.js';
import { helpOverview, helpVerb } from '../help.js';
import { type Verb, verb } from '../verb.js';

/** Takes the list that it is itself in. */
export const help = (verbs: () => readonly Verb[]) =>
  verb({
    name: 'help',
    group: 'ctvirt itself',
    summary: 'Show help on ctvirt or on one verb',
    args: { verb: { summary: 'The verb, one word or two', optional: true, rest: true, complete: 'verb' } },
    options: {},
    example: { command: 'ctvirt help template import', does: 'Shows what template import takes.' },
    async run(context, { args: { verb: words } }) {
      const found = findVerb(words, verbs());
      context.io.stdout.write(found === undefined ? helpOverview(verbs()) : helpVerb(found.verb));
    },
  });
