// ctvirt suspend
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { activeDomain } from './arguments.js';

/** Returns the summary of the domain that is paused now; one that does not run is refused with `wrong-state`. */
export const suspend = verb({
  name: 'suspend',
  group: 'Domains',
  summary: "Freeze all of a domain's processes",
  args: { domain: activeDomain },
  options: {},
  example: { command: 'ctvirt suspend web', does: "Freezes 'web'; its memory stays." },
  async run(context, { args: { domain } }) {
    const result = await context.busy(`suspending ${domain}`, () =>
      context.client.domains.suspend({ domain }),
    );
    context.done(result, `Domain '${result.name}' suspended`);
  },
});
