// ctvirt destroy
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { activeDomain } from './arguments.js';

/** Answers the summary after its end; one that is off already is refused with `wrong-state`. */
export const destroy = verb({
  name: 'destroy',
  group: 'Domains',
  summary: 'Power a domain off now',
  details: ["Nothing of it is erased, unlike by OpenVZ's destroy: for that see 'ctvirt help undefine'."],
  args: { domain: activeDomain },
  options: {},
  example: { command: 'ctvirt destroy web', does: "Stops 'web' at once, without asking its init." },
  async run(context, { args: { domain } }) {
    const stopped = await context.busy(`destroying ${domain}`, () =>
      context.client.domains.destroy({ domain }),
    );
    context.done(stopped, `Domain '${stopped.name}' destroyed`);
  },
});
