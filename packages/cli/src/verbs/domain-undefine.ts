// ctvirt undefine
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '@ctvirt/api';
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';

/** Answers the name and whether files were erased. */
export const undefine = verb({
  name: 'undefine',
  group: 'Domains',
  summary: 'Forget a domain; with --storage, erase its root file system too',
  details: [
    'A running domain goes on and becomes transient.',
    'Without --storage the root file system is kept, and the range of ids that its files have: ctvirt root list shows it, and ctvirt root adopt and ctvirt root erase give it to a domain or erase it. A domain that is defined with the UUID of the one that is gone gets it back; one of the same name alone does not.',
  ],
  args: { domain: anyDomain },
  options: { storage: { type: 'flag', summary: 'Erase the root file system: nothing brings it back' } },
  example: { command: 'ctvirt undefine web --storage', does: "Removes 'web' and all it held." },
  async run(context, { args: { domain }, options: { storage } }) {
    const { domains, roots } = context.client;
    const { name, uuid } = await domains.summary({ domain }).catch(async (error: unknown) => {
      if (error instanceof ApiError && error.code === 'not-found')
        for (const root of await roots.list().catch(unlessUnsupported))
          if (root.domain === domain || root.uuid === domain)
            context.remark(
              `of one that is gone '${root.name}' is kept: ctvirt root erase ${root.name} erases it`,
            );
      throw error;
    });
    await context.busy(`undefining ${name}`, () => domains.undefine({ domain: uuid, storage }));
    context.done({ domain: name, storage }, `Domain '${name}' has been undefined`);
  },
});

/** A libvirt keeps none. */
function unlessUnsupported(error: unknown): readonly [] {
  if (error instanceof ApiError && error.code === 'unsupported') return [];
  throw error;
}
