// ctvirt network update
// SPDX-License-Identifier: Apache-2.0
import { networkCommands as commands, networkSections as sections } from '@ctvirt/api';
import { locate } from '../errors.js';
import { noneOf } from '../suggestion.js';
import { verb } from '../verb.js';
import { anyNetwork } from './arguments.js';

/** Returns the network as it is then; an element that is not there, or there already, is refused with `wrong-state`. */
export const networkUpdate = verb({
  name: 'network update',
  aliases: ['net-update'],
  group: 'Networks',
  summary: "Add, change or take out one element of a network's document, without a restart",
  details: [
    'Without --live and --config it is for the running network if it runs, else for its definition; with both for both.',
    'Domains keep the addresses they have: one that is kept for a domain with <host> is its own from its next start on.',
    'What tells an element from others is enough to delete it: the MAC of a <host>, the name of a <portgroup>.',
  ],
  args: {
    network: anyNetwork,
    command: { summary: 'add, add-first, add-last, modify or delete', complete: ['add', ...commands] },
    section: { summary: `The part of the document: ${sections.join(', ')}`, complete: sections },
    xml: { summary: 'The element, or a file with it; - is standard input', complete: 'file' },
  },
  options: {
    'parent-index': {
      type: 'whole',
      value: 'N',
      summary: 'Of ip-dhcp-*: which <ip>, from 0 (default: the one that fits)',
    },
    live: { type: 'flag', summary: 'Of the running network' },
    config: { type: 'flag', summary: 'Of its definition, from its next start on' },
  },
  example: {
    command: 'ctvirt network update default add ip-dhcp-host host.xml --live --config',
    does: "Gives the machine of <host mac='52:54:00:00:00:05' ip='192.168.122.5'/> in host.xml always the same address.",
  },
  async run(context, { args, options: { live, config, 'parent-index': parent } }) {
    const command = args.command === 'add' ? 'add-last' : args.command;
    if (!isOneOf(commands, command)) throw noneOf('network update: COMMAND', command, ['add', ...commands]);
    const { section } = args;
    if (!isOneOf(sections, section)) throw noneOf('network update: SECTION', section, sections);
    const isFile = !args.xml.trimStart().startsWith('<');
    const xml = isFile ? await locate(args.xml, context.readXml(args.xml)) : args.xml;
    const body = { command, section, xml, live, stored: config, ...(parent !== undefined && { parent }) };
    const updated = await locate(
      isFile ? args.xml : 'element',
      context.busy(`updating ${args.network}`, () =>
        context.client.networks.update({ network: args.network, body }),
      ),
    );
    context.done(updated, `Network '${updated.name}' updated`);
  },
});

const isOneOf = <W extends string>(words: readonly W[], word: string): word is W =>
  words.some((known) => known === word);
