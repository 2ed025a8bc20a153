// ctvirt define
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { sinceWhen } from '../wording.js';
import { documentFile } from './arguments.js';
import { sendDocument } from './sending.js';

/** Returns the domain with the findings on its document, and `changed` where there was one of its name. */
export const define = verb({
  name: 'define',
  group: 'Domains',
  summary: 'Define a domain from its XML, or change one that is defined',
  details: [
    'The domain keeps its definition until it is undefined. Its root file system is made now, so that start is quick.',
    'What is not understood is kept and reported; --validate refuses it.',
    'A document without <uuid> changes the domain of its name, if there is one: its files and identity stay, and a running one has the new document from its next start on. virsh define refuses such a document, as with any libvirt.',
  ],
  args: { file: documentFile },
  options: { validate: { type: 'flag', summary: 'Refuse a document with anything not understood' } },
  example: { command: 'ctvirt define web.xml', does: 'Defines the domain that web.xml describes.' },
  async run(context, { args: { file }, options: { validate } }) {
    const { domain, findings, changed } = await sendDocument(context, file, 'defining', (body) =>
      context.client.domains.define({ body, strict: validate }),
    );
    context.warn(findings, file);
    context.done(
      { domain, findings, ...(changed !== undefined && { changed }) },
      `Domain '${domain.name}' ${changed ? 'is there already, and changed' : 'defined'} from ${file === '-' ? 'standard input' : file}${sinceWhen(domain)}`,
    );
  },
});
