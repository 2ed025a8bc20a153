// ctvirt undefine
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '@ctvirt/api';
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';

/** Answers the name and whether files were erased; with `--storage` it takes what outlived its domain, too. */
export const undefine = verb({
  name: 'undefine',
  group: 'Domains',
  summary: 'Forget a domain; with --storage, erase its root file system too',
  details: [
    'A running domain goes on and becomes transient.',
    'Without --storage the root file system stays, and the range of ids that its files have: the next domain of this name gets both. With --storage a domain that is undefined already loses them, too; ctvirt check lists such files as (kept).',
  ],
  args: { domain: anyDomain },
  options: { storage: { type: 'flag', summary: 'Erase the root file system: nothing brings it back' } },
  example: { command: 'ctvirt undefine web --storage', does: "Removes 'web' and all it held." },
  async run(context, { args: { domain }, options: { storage } }) {
    const { domains } = context.client;
    // Files that outlived their domain have nothing but its name.
    const { name, uuid } = await domains.summary({ domain }).catch((error: unknown) => {
      if (storage && error instanceof ApiError && error.code === 'not-found')
        return { name: domain, uuid: domain };
      throw error;
    });
    await context.busy(`undefining ${name}`, () => domains.undefine({ domain: uuid, storage }));
    context.done({ domain: name, storage }, `Domain '${name}' has been undefined`);
  },
});
