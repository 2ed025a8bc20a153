// ctvirt import
// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { CliError } from '../errors.js';
import { verb } from '../verb.js';
import { tellCopied } from './copying.js';
import { mountOf } from './settings.js';

/** Returns the domain, the findings on its document, and what it has of the host that it came from. */
export const importDomain = verb({
  name: 'import',
  group: 'Domains',
  summary: 'Make a domain of an archive that export, vzdump or Incus has written',
  details: [
    'The domain is what it was, with its files, name, UUID, CTID and hardware addresses. Where one of these or an address is taken here, the archive is refused before anything is written. --new-ids makes another domain of it, which has a UUID, a CTID, hardware addresses, a machine-id and SSH host keys of its own; addresses that the document gives and ports of the host stay with the other, which is told. --name calls it otherwise.',
    'The template that it stood on has to be here, with the same digest and by any name, or in the archive: then it is judged as by template import, and there from then on. A range of ids is chosen for it.',
    "vzdump's archives of OpenVZ and Proxmox VE and exports of Incus and LXD are read, too, but for those made with --optimized-storage: what they are is seen from their contents. The configuration in there becomes the document, and of each key that is not carried it is told what became of it. The root stands on no template, and is all the domain's own. The CTID of OpenVZ is that of the file's name, vzdump-openvz-CTID-DATE.tar.gz. Volumes that are not in the archive are told, and the exit status is 1 then.",
    "An archive may be a stranger's: it is judged member by member, and unpacked in a confined process. Look at its document before you start it: what it names of its host it names of this one. That is told, and the exit status is 1 then.",
    'Folders of the host that export --with-mounts put into the archive come to where --mount says, which is a folder that is empty or not there yet, in folders that root alone changes, and the document names that then; without it they are passed over, which is told.',
    'An archive that is cut off or changed is refused, and nothing of it stays.',
  ],
  args: { archive: { summary: 'The archive; - is standard input', complete: 'file' } },
  options: {
    name: { type: 'text', value: 'NAME', summary: 'What the domain is called here' },
    'new-ids': { type: 'flag', summary: 'Make another domain of it' },
    mount: {
      type: 'texts',
      value: 'DIRECTORY:TARGET',
      summary: 'Where a folder comes to that export --with-mounts put there; repeat for more',
    },
    upload: { type: 'flag', summary: 'Send the archive to the daemon' },
  },
  example: {
    command: 'ctvirt import web.ctvirt.tar.zst --name shop --new-ids',
    does: "Makes another 'web', called 'shop'.",
  },
  async run(context, { args: { archive }, options: { name, 'new-ids': newIds, mount, upload } }) {
    const { client, io } = context;
    const mounts = mount.map((word) => {
      const { source, target } = mountOf('import', word);
      return { source: resolve(source), target };
    });
    if (mounts.length > 0 && (archive === '-' || upload))
      throw new CliError('usage', 'import: --mount goes with a file that the daemon reads itself');
    const names = { ...(name !== undefined && { name }), ...(newIds && { newIds }) };
    const made = await context.making(`importing ${archive}`, async (onProgress) => {
      const options = { onProgress, signal: io.signal };
      if (archive !== '-' && !upload)
        return client.archives.import(
          { body: { source: resolve(archive), ...names, ...(mounts.length > 0 && { mounts }) } },
          options,
        );
      return client.archives.upload({ body: await context.openStream(archive), ...names }, options);
    });
    return tellCopied(context, made, `Domain '${made.domain.name}' imported`);
  },
});
