// ctvirt xml validate
// SPDX-License-Identifier: Apache-2.0

import { type CheckedDocument, checkFile } from '../documents/document.js';
import { CliError, describeFinding } from '../errors.js';
import { invalidStatus } from '../exit-status.js';
import { shownName } from '../input-name.js';
import { hasColour } from '../io.js';
import { verb } from '../verb.js';
import { documentFiles } from './arguments.js';

/** JSON is an array of file, `isValid` and findings; unread files are told on stderr and are not in it. */
export const xmlValidate = verb({
  name: 'xml validate',
  group: 'Documents',
  summary:
    'Check documents of domains, single devices, networks and filters, and tell all that is wrong in them',
  details: [
    'Each finding has its place, the line itself, what stands there, what was expected and the nearest spelling.',
    `Ends with status ${invalidStatus} if a document has an error, with 1 if a file cannot be read. Warnings, such as about what is not known and kept as it stands, leave a document valid unless --strict is given.`,
    'No daemon is asked.',
  ],
  args: { file: documentFiles },
  options: { strict: { type: 'flag', summary: 'What is not known is an error' } },
  example: {
    command: 'ctvirt xml validate web.xml db.xml',
    does: 'Lists every fault of both documents.',
  },
  async run(context, { args: { file: files }, options }) {
    const { io } = context;
    const colour = hasColour(io.stdout, io.env);
    const told: Pick<CheckedDocument, 'file' | 'isValid' | 'findings'>[] = [];
    const count = { errors: 0, warnings: 0, invalid: 0, unread: 0 };
    for (const name of files) {
      let checked: CheckedDocument;
      try {
        checked = await checkFile(name, io, options);
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        count.unread++;
        context.tellError(error);
        continue;
      }
      const { file, isValid, findings } = checked;
      if (!isValid) count.invalid++;
      for (const { severity } of findings) count[severity === 'error' ? 'errors' : 'warnings']++;
      if (context.isJson) told.push({ file, isValid, findings });
      else for (const finding of findings) io.stdout.write(describeFinding(finding, file, colour));
    }
    context.done(told, summaryOf(files, count));
    return count.unread > 0 ? 1 : count.invalid > 0 ? invalidStatus : 0;
  },
});

function summaryOf(
  files: readonly string[],
  count: { errors: number; warnings: number; invalid: number; unread: number },
): string {
  const { errors, warnings, invalid, unread } = count;
  const read = files.length - unread;
  const found = [...plural(errors, 'error'), ...plural(warnings, 'warning')].join(' and ');
  const remark = found === '' ? '' : `: ${found}`;
  const [only] = files;
  if (only !== undefined && files.length === 1 && read === 1)
    return `${shownName(only)} is ${invalid > 0 ? 'not valid' : 'valid'}${remark}`;
  if (read === 0) return 'nothing could be checked';
  const [sum = ''] = plural(read, 'document');
  return invalid === 0
    ? `${sum} ${read === 1 ? 'is' : 'are'} valid${remark}`
    : `${invalid} of ${sum} not valid${remark}`;
}

const plural = (count: number, noun: string): string[] =>
  count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`];
