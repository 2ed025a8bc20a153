// ctvirt export
// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { anyDomain } from './arguments.js';
import { asOf, isDomainArchive, ofSnapshot, tellMissing, waited } from './copying.js';
import { exportDetails, exportOf, exportOptions } from './exporting.js';
import { passOn, whileOpen } from './transferring.js';

const ARCHIVE = 'ctvirt';
/** As the daemon ends a stream that is not whole. */
const INCOMPLETE = 2;

/** JSON is digest and length of an image, or length of an archive and what is not in it; a file that is there already is refused with `exists`. */
export const exportDomain = verb({
  name: 'export',
  group: 'Domains',
  summary: 'Write a domain as an archive, or the root of a stopped one as an image',
  details: [
    'A file called NAME.ctvirt.tar.zst is an archive of the whole domain: its document and all that it has changed of its templates, with owners, links, holes, ACLs, capabilities and attributes. ctvirt import makes the domain of it again, here or elsewhere. The templates themselves are not in it, but for --with-template: their digests are. What the domain has of its host, such as mounted folders and devices, is not in it either, but for folders with --with-mounts: that is told, and the exit status is 1 then. Sockets are left out, and told. - is standard output.',
    'A file of another name is an image: the root as the domain sees it, with what its document says it starts. What else is mounted in there is left out.',
    ...exportDetails,
    'What its document starts is told as oci alone; what others make of lxc starts /sbin/init.',
    'Both have all that is in the root, its passwords and keys, too; of an image import takes out what only one system may have, such as SSH host keys. A domain that is off cannot be started meanwhile.',
    'One that runs goes on: its archive is written of a copy, which is made for that and goes then. Its writes wait for the moment of the copy, and how long that was is told. It takes the room of its files on the file system of the roots, where that cannot share blocks as XFS and btrfs do. The same is done with --snapshot.',
  ],
  args: {
    domain: anyDomain,
    file: { summary: 'A file that is not there yet; - is standard output', complete: 'file' },
  },
  options: {
    format: {
      ...exportOptions.format,
      complete: [...exportOptions.format.complete, ARCHIVE],
      summary: 'oci, lxc, or ctvirt for an archive (default: by the name)',
    },
    ...ofSnapshot,
    'with-mounts': { type: 'flag', summary: 'Put folders of the host that it has into the archive' },
    'with-template': {
      type: 'flag',
      summary: 'Put its template into the archive, for hosts that have it not',
    },
  },
  example: {
    command: 'ctvirt export web web.ctvirt.tar.zst',
    does: "Writes 'web' to an archive.",
  },
  async run(
    context,
    {
      args: { domain, file },
      options: { format, snapshot, 'with-template': withTemplate, 'with-mounts': withMounts },
    },
  ) {
    const { client, io } = context;
    const isArchive = format === undefined ? isDomainArchive(file) : format === ARCHIVE;
    const wanted = {
      ...asOf(snapshot),
      ...(withTemplate && { withTemplate }),
      ...(withMounts && { withMounts }),
    };
    if (isArchive && file === '-') return await toOutput(context, domain, wanted);
    if (file === '-') throw new CliError('usage', 'export: an image goes to a file, an archive alone to -');
    if (isArchive) {
      const body = { target: resolve(file), ...wanted };
      const written = await context.making(`exporting ${domain}`, (onProgress) =>
        client.archives.write({ domain, body }, { onProgress, signal: io.signal }),
      );
      const size = describeBytes(written.sizeBytes);
      context.done(written, `Domain '${domain}' exported to ${file}: ${size}${waited(written)}`);
      return tellMissing(context, written, 'not in the archive');
    }
    if (snapshot !== undefined)
      throw new CliError('usage', 'export: --snapshot goes with an archive, and not with an image');
    if (withMounts)
      throw new CliError('usage', 'export: --with-mounts goes with an archive, and not with an image');
    if (withTemplate) throw new CliError('usage', 'export: an image has all of its template in it');
    const body = exportOf('export', file, { format });
    const written = await context.making(`exporting ${domain}`, (onProgress) =>
      client.domains.exportRoot({ domain, body }, { onProgress, signal: io.signal }),
    );
    context.done(written, `Domain '${domain}' exported to ${file}: ${describeBytes(written.sizeBytes)}`);
    return 0;
  },
});

async function toOutput(
  { client, io }: Context,
  domain: string,
  open: { readonly snapshot?: string; readonly withTemplate?: boolean; readonly withMounts?: boolean },
): Promise<number> {
  const session = await client.archives.stream({ domain, open }, { signal: io.signal });
  session.stdin.end();
  io.needsReader?.(INCOMPLETE);
  return await whileOpen(session, io, () => passOn(session.stdout, io.stdout));
}
