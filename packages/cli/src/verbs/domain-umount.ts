// ctvirt umount
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { inactiveDomain } from './arguments.js';

/** Refused with `in-use` while a program of the host is in there. */
export const umount = verb({
  name: 'umount',
  aliases: ['unmount'],
  group: 'Domains',
  summary: "Take a stopped domain's root off the host again",
  args: { domain: inactiveDomain },
  options: {},
  example: { command: 'ctvirt umount web', does: "Unmounts what ctvirt mount showed of 'web'." },
  async run(context, { args: { domain } }) {
    await context.client.domains.unmountRoot({ domain });
    context.done({ domain }, `The root of domain '${domain}' is unmounted`);
  },
});
