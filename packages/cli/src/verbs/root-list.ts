// ctvirt root list
// SPDX-License-Identifier: Apache-2.0
import { formatTable } from '../table.js';
import { verb } from '../verb.js';

const shortTime = (time: string | null): string => (time === null ? '-' : `${time.slice(0, 16)}Z`);

/** JSON is an array of kept roots. */
export const rootList = verb({
  name: 'root list',
  group: 'Domains',
  summary: 'List the roots that are kept of domains that are gone',
  details: [
    'ctvirt undefine without --storage keeps them, with the ids that their files have, until somebody gives them to a domain or erases them. What a domain left that was moved to another host goes after a day.',
  ],
  args: {},
  options: { name: { type: 'flag', summary: 'Print names, one a line' } },
  example: { command: 'ctvirt root list', does: 'Lists what is kept of which domain, and since when.' },
  async run(context, { options: { name } }) {
    const roots = await context.client.roots.list();
    context.print(roots, (width) =>
      name
        ? roots.map((root) => `${root.name}\n`).join('')
        : formatTable(
            ['Root', 'Domain', 'UUID', 'Templates', 'Snapshots', 'Kept since', 'Kept until'],
            roots.map((root) => [
              root.name,
              root.domain,
              root.uuid,
              root.templates.join(', ') || '-',
              String(root.snapshots.length),
              shortTime(root.keptAt),
              shortTime(root.erasedAt),
            ]),
            width,
          ),
    );
  },
});
