// ctvirt autostart
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';

export const autostart = verb({
  name: 'autostart',
  group: 'Domains',
  summary: 'Start a domain whenever the daemon starts',
  args: { domain: anyDomain },
  options: { disable: { type: 'flag', summary: 'No longer do so' } },
  example: { command: 'ctvirt autostart web', does: "Lets 'web' start with the daemon." },
  async run(context, { args: { domain }, options: { disable } }) {
    const result = await context.client.domains.autostart({ domain, body: { autostart: !disable } });
    context.done(result, `Domain '${result.name}' ${disable ? 'unmarked' : 'marked'} as autostarted`);
  },
});
