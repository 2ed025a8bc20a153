// ctvirt version
// SPDX-License-Identifier: Apache-2.0
import { version as clientVersion } from '@ctvirt/api';
import { verb } from '../verb.js';

/** JSON has `client` and, unless `--client` is given, `daemon` with its capabilities. */
export const version = verb({
  name: 'version',
  group: 'ctvirt itself',
  summary: "Show ctvirt's version and the daemon's",
  args: {},
  options: { client: { type: 'flag', summary: 'Ask no daemon' } },
  example: { command: 'ctvirt version', does: 'Prints the versions of ctvirt and of ctvirtd.' },
  async run(context, { options: { client } }) {
    const daemon = client ? undefined : await context.client.host.version();
    context.print({ client: clientVersion, ...(daemon && { daemon }) }, () =>
      [`ctvirt ${clientVersion}`, ...(daemon ? [`${daemon.name} ${daemon.version}`] : []), ''].join('\n'),
    );
  },
});
