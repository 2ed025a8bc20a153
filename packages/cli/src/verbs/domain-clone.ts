// ctvirt clone
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';
import { asOf, ofSnapshot, tellCopied } from './copying.js';

/** Returns the new domain, the findings on its document, and what it has not of the other. */
export const cloneDomain = verb({
  name: 'clone',
  group: 'Domains',
  summary: 'Make another domain with the files of one',
  details: [
    'One that runs goes on: its writes wait for the moment of the copy, and how long that was is told. XFS and btrfs share the blocks of both; elsewhere all of it is copied.',
    'It has a UUID, a CTID, hardware addresses, a host name, a machine-id and SSH host keys of its own, and all else of the document. Addresses that the document gives and ports of the host stay with the other, which is told; ctvirt set --ipadd gives it some.',
    'Folders, files and devices of the host are not copied: both have them, which is told, and the exit status is 1 then.',
  ],
  args: { domain: anyDomain, name: { summary: 'What the copy is called' } },
  options: ofSnapshot,
  example: { command: 'ctvirt clone web shop', does: "Makes 'shop' with the files of 'web'." },
  async run(context, { args: { domain, name }, options: { snapshot } }) {
    const { client, io } = context;
    const made = await context.making(`cloning ${domain}`, (onProgress) =>
      client.archives.clone({ domain, body: { name, ...asOf(snapshot) } }, { onProgress, signal: io.signal }),
    );
    return tellCopied(context, made, `Domain '${made.domain.name}' is a copy of '${domain}'`);
  },
});
