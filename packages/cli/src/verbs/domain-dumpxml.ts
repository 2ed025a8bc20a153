// ctvirt dumpxml
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';

/** Prints the document byte by byte where no terminal is, so that it can be defined again. */
export const dumpxml = verb({
  name: 'dumpxml',
  group: 'Domains',
  summary: "Print a domain's XML",
  args: { domain: anyDomain },
  options: { inactive: { type: 'flag', summary: 'As its next start will read it' } },
  example: { command: 'ctvirt dumpxml web > web.xml', does: "Saves the definition of 'web' in a file." },
  async run(context, { args: { domain }, options: { inactive } }) {
    const xml = await context.client.domains.xml({ domain, inactive });
    context.printVerbatim({ xml }, xml.endsWith('\n') ? xml : `${xml}\n`);
  },
});
