// ctvirt autostart
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';

/** Answers the summary of the domain as it is then; a transient one is refused with `wrong-state`. */
export const autostart = verb({
  name: 'autostart',
  group: 'Domains',
  summary: 'Start a domain with each boot of the host',
  details: [
    'The first daemon after a boot starts it. One that is stopped since then stays off when the daemon is started anew.',
  ],
  args: { domain: anyDomain },
  options: { disable: { type: 'flag', summary: 'No longer do so' } },
  example: { command: 'ctvirt autostart web', does: "Lets 'web' start whenever the host does." },
  async run(context, { args: { domain }, options: { disable } }) {
    const result = await context.client.domains.autostart({ domain, body: { autostart: !disable } });
    context.done(result, `Domain '${result.name}' ${disable ? 'unmarked' : 'marked'} as autostarted`);
  },
});
