// ctvirt mount
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { inactiveDomain } from './arguments.js';

/** Returns where it is; one that is mounted already is told again. */
export const mount = verb({
  name: 'mount',
  group: 'Domains',
  summary: "Mount a stopped domain's root on the host",
  details: [
    'Prints the folder, which only root can enter. Files there have the owners that they have inside; setuid bits and device files count for nothing. Links that lead to an absolute path lead to files of the host: use chroot, or look at where they lead.',
    'As long as it is mounted the domain cannot be started or undefined, and push, pull and root adopt are refused for it, whether or not the daemon runs meanwhile; ctvirt umount takes it away.',
  ],
  args: { domain: inactiveDomain },
  options: {},
  example: {
    command: 'ctvirt mount web',
    does: "Shows the files of 'web', which is off, in a folder of the host.",
  },
  async run(context, { args: { domain } }) {
    const found = await context.busy(`mounting ${domain}`, () =>
      context.client.domains.mountRoot({ domain }),
    );
    context.print(found, () => `${found.path}\n`);
  },
});
