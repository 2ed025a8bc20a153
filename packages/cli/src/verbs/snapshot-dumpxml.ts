// ctvirt snapshot dumpxml
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyDomain, ownSnapshot } from './arguments.js';

/** Prints the document byte by byte where no terminal is. */
export const snapshotDumpxml = verb({
  name: 'snapshot dumpxml',
  group: 'Snapshots',
  summary: "Print the domain's XML as it was then",
  args: { domain: anyDomain, snapshot: ownSnapshot },
  options: {},
  example: {
    command: 'ctvirt snapshot dumpxml web before',
    does: "Prints the definition that 'web' had when 'before' was taken.",
  },
  async run(context, { args: { domain, snapshot } }) {
    const xml = await context.client.snapshots.xml({ domain, snapshot });
    context.printVerbatim({ xml }, xml.endsWith('\n') ? xml : `${xml}\n`);
  },
});
