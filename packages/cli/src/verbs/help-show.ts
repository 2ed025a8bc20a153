// ctvirt help
// SPDX-License-Identifier: Apache-2.0
import { findVerb, verbsOfNoun } from '../command-line.js';
import { fitted, helpNoun, helpOverview, helpVerb } from '../help.js';
import { formatMan } from '../reference/man.js';
import { formatMarkdown } from '../reference/markdown.js';
import { type Verb, verb } from '../verb.js';

/** Takes the list that it is itself in. */
export const help = (verbs: () => readonly Verb[]) =>
  verb({
    name: 'help',
    group: 'ctvirt itself',
    summary: 'Show help on ctvirt, on what there is of networks and the like, or on one verb',
    args: {
      verb: {
        summary: 'The verb, or its first word alone, such as network',
        optional: true,
        rest: true,
        complete: 'verb',
      },
    },
    options: {
      man: { type: 'flag', summary: 'Print the manual page ctvirt(1)' },
      markdown: { type: 'flag', summary: 'Print the reference page' },
    },
    example: { command: 'ctvirt help template import', does: 'Shows what template import takes.' },
    async run({ io }, { args: { verb: words }, options: { man, markdown } }) {
      const text = textOf(verbs(), words, { man, markdown });
      io.stdout.write(man || markdown ? text : fitted(text, io.stdout));
    },
  });

function textOf(
  verbs: readonly Verb[],
  words: readonly string[],
  form: { man: boolean; markdown: boolean },
): string {
  if (form.man) return formatMan(verbs);
  if (form.markdown) return formatMarkdown(verbs);
  const ofNoun = verbsOfNoun(words, verbs);
  if (ofNoun.length > 0) return helpNoun(ofNoun);
  const found = findVerb(words, verbs);
  return found === undefined ? helpOverview(verbs) : helpVerb(found.verb);
}
