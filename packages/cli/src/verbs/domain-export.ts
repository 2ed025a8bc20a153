// ctvirt export
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { inactiveDomain } from './arguments.js';
import { exportDetails, exportOf, exportOptions, newFile } from './exporting.js';

/** JSON is digest and length of the image; a file that is there already is refused with `exists`. */
export const exportDomain = verb({
  name: 'export',
  group: 'Domains',
  summary: "Write a stopped domain's root as an image",
  details: [
    'The image is the root as the domain sees it, with what its document says it starts. What else is mounted in there is left out.',
    ...exportDetails,
    'What its document starts is told as oci alone; what others make of lxc starts /sbin/init.',
    'It has all that is in the root, its passwords and keys, too; import takes out of it what only one system may have, such as SSH host keys. The domain cannot be started meanwhile.',
  ],
  args: { domain: inactiveDomain, file: newFile },
  options: exportOptions,
  example: {
    command: 'ctvirt export web web.tar',
    does: "Writes the root of 'web', which is off, to web.tar.",
  },
  async run(context, { args: { domain, file }, options }) {
    const { client, io } = context;
    const body = exportOf('export', file, options);
    const written = await context.busy(`exporting ${domain}`, (onProgress) =>
      client.domains.exportRoot({ domain, body }, { onProgress, signal: io.signal }),
    );
    context.done(written, `Domain '${domain}' exported to ${file}: ${describeBytes(written.sizeBytes)}`);
  },
});
