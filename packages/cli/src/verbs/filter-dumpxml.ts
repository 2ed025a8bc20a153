// ctvirt filter dumpxml
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyFilter } from './arguments.js';

/** Prints the document byte by byte where no terminal is, so that it can be defined again. */
export const filterDumpxml = verb({
  name: 'filter dumpxml',
  aliases: ['nwfilter-dumpxml'],
  group: 'Network filters',
  summary: "Print a network filter's XML",
  args: { filter: anyFilter },
  options: {},
  example: {
    command: 'ctvirt filter dumpxml clean-traffic',
    does: "Prints the rules of 'clean-traffic' and the filters in it.",
  },
  async run(context, { args: { filter } }) {
    const xml = await context.client.filters.xml({ filter });
    context.printVerbatim({ xml }, xml.endsWith('\n') ? xml : `${xml}\n`);
  },
});
