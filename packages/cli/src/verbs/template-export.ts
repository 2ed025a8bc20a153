// ctvirt template export
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { existingTemplate } from './arguments.js';
import { exportDetails, exportOf, exportOptions, newFile } from './exporting.js';

/** Returns digest and length of the image; a file that is there already is refused with `exists`. */
export const templateExport = verb({
  name: 'template export',
  group: 'Templates and profiles',
  summary: 'Write a template as an image',
  details: [...exportDetails],
  args: { template: existingTemplate, file: newFile },
  options: exportOptions,
  example: {
    command: 'ctvirt template export debian debian.tar',
    does: "Writes the template 'debian' to debian.tar.",
  },
  async run(context, { args: { template, file }, options }) {
    const { client, io } = context;
    const written = await context.making(`exporting ${template}`, (onProgress) =>
      client.templates.export(
        { template, body: exportOf('template export', file, options) },
        { onProgress, signal: io.signal },
      ),
    );
    context.done(written, `Template '${template}' exported to ${file}: ${describeBytes(written.sizeBytes)}`);
  },
});
