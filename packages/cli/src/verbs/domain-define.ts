// ctvirt define
// SPDX-License-Identifier: Apache-2.0

import { locate } from '../errors.js';
import { verb } from '../verb.js';
import { documentFile } from './arguments.js';

export const define = verb({
  name: 'define',
  group: 'Domains',
  summary: 'Define a domain from its XML, or change one that is defined',
  details: [
    'The domain keeps its definition until it is undefined. Its root file system is made now, so that start is quick.',
    'What is not understood is kept and reported; --validate refuses it.',
  ],
  args: { file: documentFile },
  options: { validate: { type: 'flag', summary: 'Refuse a document with anything not understood' } },
  example: { command: 'ctvirt define web.xml', does: 'Defines the domain that web.xml describes.' },
  async run(context, { args: { file }, options: { validate } }) {
    const body = await context.readText(file);
    const { domain, findings } = await locate(
      file,
      context.busy(`defining ${file}`, () => context.client.domains.define({ body, strict: validate })),
    );
    context.warn(findings, file);
    context.done(
      { domain, findings },
      `Domain '${domain.name}' defined from ${file === '-' ? 'standard input' : file}`,
    );
  },
});
