// ctvirt complete, which the completion scripts call
// SPDX-License-Identifier: Apache-2.0
import { complete, formatCompleted, type Names } from '../completion.js';
import type { Context } from '../context.js';
import { type Verb, verb } from '../verb.js';

/** Takes the list that it is itself in. */
export const completeVerb = (verbs: () => readonly Verb[]) =>
  verb({
    name: 'complete',
    group: 'ctvirt itself',
    hidden: true,
    summary: 'Print what may stand at the end of a command line',
    args: { words: { summary: 'The words so far, the unfinished one last', optional: true, rest: true } },
    options: {},
    example: {
      command: 'ctvirt complete -- start w',
      does: "Prints the stopped domains whose names begin with 'w'.",
    },
    async run(context, { args: { words } }) {
      context.io.stdout.write(formatCompleted(await complete(words, verbs(), namesFrom(context))));
    },
  });

const namesFrom =
  ({ client }: Context): Names =>
  async (kind, [domain = '']) => {
    switch (kind) {
      case 'domain':
        return (await client.domains.list()).map(({ name }) => name);
      case 'active-domain':
        return (await client.domains.list({ active: true })).map(({ name }) => name);
      case 'inactive-domain':
        return (await client.domains.list({ active: false })).map(({ name }) => name);
      case 'template':
        return (await client.templates.list()).map(({ name }) => name);
      case 'filter':
        return (await client.filters.list()).map(({ name }) => name);
      case 'root':
        return (await client.roots.list()).map(({ name }) => name);
      case 'snapshot':
        return (await client.snapshots.list({ domain })).map(({ name }) => name);
      case 'network':
        return (await client.networks.list()).map(({ name }) => name);
      case 'active-network':
        return (await client.networks.list({ active: true })).map(({ name }) => name);
      case 'inactive-network':
        return (await client.networks.list({ active: false })).map(({ name }) => name);
      case 'format':
        return (await import('@ctvirt/formats')).endNames;
      case 'element':
        return (await import('@ctvirt/xml')).explainable();
      case 'profile':
        return (await client.profiles.list()).map(({ name }) => name);
    }
  };
