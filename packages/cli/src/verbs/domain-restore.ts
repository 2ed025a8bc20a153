// ctvirt restore
// SPDX-License-Identifier: Apache-2.0

import { resolve } from 'node:path';
import { commandFor } from '@ctvirt/xml';
import { verb } from '../verb.js';
import { inRepository, repositoryOption, timeOf } from './backup-words.js';
import { snapshotsIn } from './root-words.js';

/** JSON is what was restored, and where what was there before is. */
export const restore = verb({
  name: 'restore',
  group: 'Backups',
  summary: 'Restore a domain, or files of it, from a backup',
  details: [
    'A domain that is off gets the files of the backup, with new ids, and keeps its document and its snapshots; what it had is kept as a root (root list) until it is erased. One that is gone is defined again as it was. Until all is there nothing changes.',
    'With --path one file or folder comes back into the domain; what is there besides stays. With --name it becomes another domain, with a UUID and hardware addresses of its own; addresses that the document gives and ports of the host stay with the other, which is told. With --to it goes to a folder of the host, which is not there yet and is open to root alone.',
    'Folders of the host are not touched by a whole restore; those that are in the backup (backup --with-mounts) come back with --path.',
  ],
  args: { domain: { summary: 'Name or UUID, as the domain has it or had it', complete: 'domain' } },
  options: {
    at: {
      type: 'text',
      value: 'TIME',
      summary:
        'As it was then: 2026-11-30, 2026-11-30T12:00 (UTC), or the id of a backup; default: the last one',
    },
    path: { type: 'text', value: 'PATH', summary: 'Only this file or folder' },
    name: { type: 'text', value: 'NEW', summary: 'As a new domain of this name' },
    to: { type: 'text', value: 'FOLDER', summary: 'To a new folder of the host', complete: 'directory' },
    ...repositoryOption,
  },
  example: {
    command: 'ctvirt restore web --path /etc/nginx',
    does: "Brings /etc/nginx of 'web' back as it was in the last backup.",
  },
  async run(context, { args: { domain }, options: { at, path, name, to, repository } }) {
    const { client, io } = context;
    const body = {
      domain,
      ...inRepository(repository),
      ...(at !== undefined && { at }),
      ...(path !== undefined && { path }),
      ...(name !== undefined && { name }),
      ...(to !== undefined && { to: resolve(to) }),
    };
    const restored = await context.making(`restoring ${domain}`, (onProgress) =>
      client.backups.restore({ body }, { onProgress, signal: io.signal }),
    );
    const { backup, kept, leftOut, untouched, seconds } = restored;
    const what =
      path === undefined
        ? `Domain '${restored.domain?.name ?? backup.domain}'`
        : `${path} of '${backup.domain}'`;
    const lines = [
      `${what} restored${restored.to === null ? '' : ` to ${restored.to}`} from ${backup.id} (${timeOf(backup)}) in ${seconds} s`,
    ];
    if (kept !== null) {
      const more = kept.snapshots.length === 0 ? '' : `, and ${snapshotsIn(kept.snapshots)}`;
      lines.push(
        `What it had before is kept as '${kept.name}': ${commandFor('root erase', [kept.name])} erases it${more}`,
      );
    }
    if (path === undefined && leftOut.length > 0)
      lines.push(`Not in the backup, and not touched: ${leftOut.join(', ')}`);
    for (const target of untouched)
      lines.push(`In the backup, and not touched: ${target} (--path ${target} brings it back)`);
    for (const remark of restored.remarks) context.remark(remark);
    context.done(restored, lines.join('\n'));
  },
});
