// ctvirt template import
// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';

/** Returns the template; a digest or size that does not fit is refused with `invalid`, and nothing of it stays. */
export const templateImport = verb({
  name: 'template import',
  group: 'Templates and profiles',
  summary: 'Make a template from an archive of a root, or from an image',
  details: [
    'An archive is a .tar, .tar.gz, .tar.lzo, .tar.xz or .tar.zst. An image is a folder in the OCI layout, an archive of one, what docker save writes, an archive of Incus, a rootfs.squashfs, or a folder with that or a rootfs.tar.xz; what it is is seen from its contents.',
    'What an OCI image starts, with its variables, user and working directory, is what domains start that are made of it by ctvirt create.',
    'The archive is unpacked once, in a confined process; one that would put anything outside its folder is refused.',
    'The daemon reads the file itself; --upload sends it, for a daemon that does not see it.',
  ],
  args: {
    template: { summary: 'Name it gets' },
    archive: { summary: 'The archive or folder; - is standard input', complete: 'file' },
  },
  options: {
    digest: { type: 'text', value: 'sha256:HEX', summary: 'Refuse an archive with another digest' },
    image: { type: 'text', value: 'NAME', summary: 'Which image, of an archive or layout with several' },
    size: { type: 'whole', value: 'BYTES', summary: 'Refuse an archive of another size' },
    upload: { type: 'flag', summary: 'Send the archive to the daemon' },
  },
  example: {
    command: 'ctvirt template import debian debian.tar.zst',
    does: "Makes the template 'debian' from an archive on this machine.",
  },
  async run(context, { args: { template, archive }, options: { digest, size, image, upload } }) {
    const { client, io } = context;
    const expected = {
      ...(digest !== undefined && { digest }),
      ...(size !== undefined && { sizeBytes: size }),
      ...(image !== undefined && { image }),
    };
    const made = await context.making(`importing ${template}`, async (onProgress) => {
      const options = { onProgress, signal: io.signal };
      if (archive !== '-' && !upload)
        return client.templates.import(
          { template, body: { source: resolve(archive), ...expected } },
          options,
        );
      const body = await context.openStream(archive);
      return client.templates.upload({ template, body, ...expected }, options);
    });
    context.done(
      made,
      `Template '${made.name}' imported: ${describeBytes(made.unpackedBytes)}, ${made.digest}`,
    );
  },
});
