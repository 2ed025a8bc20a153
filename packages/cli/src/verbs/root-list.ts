// ctvirt root list
// SPDX-License-Identifier: Apache-2.0
import type { KeptRoot } from '@ctvirt/api';
import { verb } from '../verb.js';
import { type Columns, outputOption, outputTable } from './output-columns.js';

const shortTime = (time: string | null): string => (time === null ? '-' : `${time.slice(0, 16)}Z`);

const columns: Columns<KeptRoot> = {
  root: { head: 'Root', cell: ({ name }) => name },
  domain: { head: 'Domain', cell: ({ domain }) => domain },
  uuid: { head: 'UUID', cell: ({ uuid }) => uuid, isExtra: true },
  templates: { head: 'Templates', cell: ({ templates }) => templates.join(', ') || '-' },
  snapshots: { head: 'Snapshots', cell: ({ snapshots }) => String(snapshots.length) },
  since: { head: 'Kept since', cell: ({ keptAt }) => shortTime(keptAt) },
  until: { head: 'Kept until', cell: ({ erasedAt }) => shortTime(erasedAt) },
};

/** JSON is an array of kept roots. */
export const rootList = verb({
  name: 'root list',
  group: 'Domains',
  summary: 'List the roots that are kept of domains that are gone',
  details: [
    'ctvirt undefine without --storage keeps them, with the ids that their files have, until somebody gives them to a domain or erases them. What a domain left that was moved to another host goes after a day.',
  ],
  args: {},
  options: { name: { type: 'flag', summary: 'Print names, one a line' }, ...outputOption(columns) },
  example: { command: 'ctvirt root list', does: 'Lists what is kept of which domain, and since when.' },
  async run(context, { options: { name, output } }) {
    const roots = await context.client.roots.list();
    context.print(roots, (width) =>
      name
        ? roots.map((root) => `${root.name}\n`).join('')
        : outputTable(columns, roots, { verb: 'root list', output, width }),
    );
  },
});
