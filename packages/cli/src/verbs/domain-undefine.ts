// ctvirt undefine
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';

export const undefine = verb({
  name: 'undefine',
  group: 'Domains',
  summary: 'Forget a domain; with --storage, erase its root file system too',
  details: ['A running domain goes on and becomes transient.'],
  args: { domain: anyDomain },
  options: { storage: { type: 'flag', summary: 'Erase the root file system: nothing brings it back' } },
  example: { command: 'ctvirt undefine web --storage', does: "Removes 'web' and all it held." },
  async run(context, { args: { domain }, options: { storage } }) {
    await context.busy(`undefining ${domain}`, () => context.client.domains.undefine({ domain, storage }));
    context.done({ domain, storage }, `Domain '${domain}' has been undefined`);
  },
});
