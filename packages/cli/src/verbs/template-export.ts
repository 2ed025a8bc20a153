// ctvirt template export
// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { existingTemplate } from './arguments.js';

/** Answers digest and length of the image; a file that is there already is refused with `exists`. */
export const templateExport = verb({
  name: 'template export',
  group: 'Templates and profiles',
  summary: 'Write a template as an OCI image',
  details: [
    "The file is a tar in the OCI layout that docker load takes, too: one layer, and what a domain of the template starts. It is the daemon's, readable by root alone.",
  ],
  args: { template: existingTemplate, file: { summary: 'A file that is not there yet', complete: 'file' } },
  options: {},
  example: {
    command: 'ctvirt template export debian debian.tar',
    does: "Writes the template 'debian' to debian.tar.",
  },
  async run(context, { args: { template, file } }) {
    const { client, io } = context;
    const written = await context.busy(`exporting ${template}`, (onProgress) =>
      client.templates.export(
        { template, body: { target: resolve(file) } },
        { onProgress, signal: io.signal },
      ),
    );
    context.done(written, `Template '${template}' exported to ${file}: ${describeBytes(written.sizeBytes)}`);
  },
});
