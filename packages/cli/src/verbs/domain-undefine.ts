// ctvirt undefine
// SPDX-License-Identifier: Apache-2.0

import { ApiError } from '@ctvirt/api';
import { commandFor } from '@ctvirt/xml';
import type { Context } from '../context.js';
import { ifSupported } from '../errors.js';
import { verb } from '../verb.js';
import { eachNamed, namedDomains } from './several.js';

/** Returns the name and whether files were erased, of several an array of that. */
export const undefine = verb({
  name: 'undefine',
  group: 'Domains',
  summary: 'Forget domains; with --storage, erase their root file systems too',
  details: [
    'A running domain goes on and becomes transient.',
    'Without --storage the root file system is kept, and the range of ids that its files have: ctvirt root list shows it, and ctvirt root adopt and ctvirt root erase give it to a domain or erase it. A domain that is defined with the UUID of the one that is gone gets it back; one of the same name alone does not.',
  ],
  args: { domains: namedDomains },
  options: { storage: { type: 'flag', summary: 'Erase the root file system: nothing brings it back' } },
  example: { command: 'ctvirt undefine web --storage', does: "Removes 'web' and all it held." },
  async run(context, { args: { domains }, options: { storage } }) {
    return await eachNamed(context, domains, {
      doing: 'undefining',
      async operation(domain) {
        const { name, uuid } = await find(context, domain);
        await context.client.domains.undefine({ domain: uuid, storage });
        return { data: { domain: name, storage }, sentence: `Domain '${name}' has been undefined` };
      },
    });
  },
});

/** Of one that is gone it tells what is kept. */
async function find(context: Context, domain: string) {
  const { client } = context;
  return await client.domains.summary({ domain }).catch(async (error: unknown) => {
    if (error instanceof ApiError && error.code === 'not-found')
      for (const root of (await ifSupported(client.roots.list())) ?? [])
        if (root.domain === domain || root.uuid === domain)
          context.remark(
            `of one that is gone '${root.name}' is kept: ${commandFor('root erase', [root.name])} erases it`,
          );
    throw error;
  });
}
