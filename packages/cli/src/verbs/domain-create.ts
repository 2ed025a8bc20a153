// ctvirt create
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { documentFile } from './arguments.js';
import { sendDocument } from './sending.js';

/** Answers the started domain with the findings on its document; a refused document leaves nothing behind. */
export const create = verb({
  name: 'create',
  group: 'Domains',
  summary: 'Start a domain from its XML without defining it',
  details: ['When it stops it is gone, its root file system included.'],
  args: { file: documentFile },
  options: { validate: { type: 'flag', summary: 'Refuse a document with anything not understood' } },
  example: {
    command: 'ctvirt create try.xml',
    does: 'Runs the domain that try.xml describes, until it stops.',
  },
  async run(context, { args: { file }, options: { validate } }) {
    const { domain, findings } = await sendDocument(context, file, 'creating from', (body) =>
      context.client.domains.define({ body, strict: validate, transient: true }),
    );
    context.warn(findings, file);
    context.done({ domain, findings }, `Domain '${domain.name}' created from ${file}`);
  },
});
