// ctvirt xml format
// SPDX-License-Identifier: Apache-2.0
import { type CheckedDocument, checkFile, withLeftOut } from '../documents/document.js';
import { replaceText } from '../documents/save.js';
import { CliError, describeFinding, refuseFile } from '../errors.js';
import { invalidStatus } from '../exit-status.js';
import { hasColour } from '../io.js';
import { verb } from '../verb.js';
import { documentFiles } from './arguments.js';

/** JSON has each file with its findings and, if it is valid, its text and whether that differs; an invalid one is never written. */
export const xmlFormat = verb({
  name: 'xml format',
  group: 'Documents',
  summary: 'Print documents in their canonical form, old forms made present ones',
  details: [
    'What is not known stays where it stands, comments and foreign namespaces included.',
    "With --libvirt the form is what libvirt's LXC driver answers for an inactive domain, or libvirt for a network or filter, but for what libvirt makes up itself, such as a UUID; what libvirt does not know is left out, and so, with a warning, is what it alone knows.",
    `A document with errors is told and left alone; the status is then ${invalidStatus}, or 1 where a file cannot be read or written. No daemon is asked.`,
  ],
  args: { file: documentFiles },
  options: {
    libvirt: { type: 'flag', summary: "Print libvirt's own normal form" },
    write: { type: 'flag', summary: 'Write the files instead of printing them' },
  },
  example: { command: 'ctvirt xml format --write web.xml', does: 'Rewrites web.xml in canonical form.' },
  async run(context, { args: { file: files }, options: { libvirt, write } }) {
    const { io } = context;
    const colour = hasColour(io.stderr, io.env);
    if (write && files.includes('-'))
      throw new CliError('usage', 'xml format: standard input cannot be written: leave --write out');
    const done: { file: string; xml?: string; isChanged: boolean; findings: CheckedDocument['findings'] }[] =
      [];
    let [invalid, failed] = [0, 0];
    for (const name of files) {
      try {
        const checked = await checkFile(name, io, { strict: false });
        const { file, text, format } = checked;
        const findings = libvirt ? withLeftOut(checked) : checked.findings;
        const xml = format?.({ libvirt });
        const isChanged = xml !== undefined && xml !== text;
        if (xml === undefined) invalid++;
        done.push({ file, ...(xml !== undefined && { xml }), isChanged, findings });
        if (xml === undefined && !context.isJson)
          for (const finding of findings) io.stderr.write(describeFinding(finding, file, colour));
        else context.warn(findings, file);
        if (write && isChanged)
          await replaceText(name, xml).catch((cause) => refuseFile(name, cause, 'write'));
        else if (!write && !context.isJson) context.printDocument(xml ?? '');
        if (write && !context.isJson && xml !== undefined)
          context.remark(`${file} ${isChanged ? 'rewritten' : 'unchanged'}`);
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        failed++;
        context.tellError(error);
      }
    }
    if (context.isJson) context.print(done, () => '');
    return failed > 0 ? 1 : invalid > 0 ? invalidStatus : 0;
  },
});
