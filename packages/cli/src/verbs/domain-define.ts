// ctvirt define
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '@ctvirt/api';
import type { Context } from '../context.js';
import { exitStatusOf } from '../exit-status.js';
import { shownName } from '../input-name.js';
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
    "--check defines nothing: it tells what this host would say, with the status it would end with; 'ctvirt xml validate' knows no host. All that this host refuses is told, and what would keep the domain from starting now, with the status of a wrong state. Hooks are not asked.",
    'A document without <uuid> changes the domain of its name, if there is one: its files and identity stay, and a running one has the new document from its next start on. virsh define refuses such a document, as with any libvirt.',
  ],
  args: { file: documentFile },
  options: {
    validate: { type: 'flag', summary: 'Refuse a document with anything not understood' },
    check: { type: 'flag', summary: 'Only tell what this host would say of it' },
  },
  example: { command: 'ctvirt define web.xml', does: 'Defines the domain that web.xml describes.' },
  async run(context, { args: { file }, options: { validate, check } }) {
    if (check) return await checkDocument(context, file, validate);
    const { domain, findings, changed } = await sendDocument(context, file, 'defining', (body) =>
      context.client.domains.define({ body, strict: validate }),
    );
    context.warn(findings, file);
    context.done(
      { domain, findings, ...(changed !== undefined && { changed }) },
      `Domain '${domain.name}' ${changed ? 'is there already, and changed' : 'defined'} from ${file === '-' ? 'standard input' : file}${sinceWhen(domain)}`,
    );
    return 0;
  },
});

/** JSON has the validation, whatever came of it; people are told what `define` would tell them. */
async function checkDocument(context: Context, file: string, strict: boolean): Promise<number> {
  const { isValid, starts, domain, isChange, findings, error } = await sendDocument(
    context,
    file,
    'checking',
    async (body) => {
      const told = await context.client.domains.validate({ body, strict });
      if (told.error === null || context.isJson) return told;
      throw ApiError.fromBody({ ...told.error, findings: told.findings });
    },
  );
  context.warn(findings, file);
  context.done(
    { isValid, starts, domain, isChange, findings, error },
    `${shownName(file)} would ${isChange ? 'change' : 'define'} domain '${domain}' on this host${starts ? '' : ', and it would not start now'}`,
  );
  if (error !== null) return exitStatusOf(ApiError.fromBody(error).code);
  return starts ? 0 : exitStatusOf('wrong-state');
}
