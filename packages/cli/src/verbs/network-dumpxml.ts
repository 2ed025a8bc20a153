// ctvirt network dumpxml
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyNetwork } from './arguments.js';

/** Prints the document byte by byte where no terminal is, so that it can be defined again. */
export const networkDumpxml = verb({
  name: 'network dumpxml',
  aliases: ['net-dumpxml'],
  group: 'Networks',
  summary: "Print a network's XML",
  args: { network: anyNetwork },
  options: { inactive: { type: 'flag', summary: 'As its next start will read it' } },
  example: {
    command: 'ctvirt network dumpxml default > default.xml',
    does: "Saves the definition of 'default' in a file.",
  },
  async run(context, { args: { network }, options: { inactive } }) {
    const xml = await context.client.networks.xml({ network, inactive });
    context.printVerbatim({ xml }, xml.endsWith('\n') ? xml : `${xml}\n`);
  },
});
