// ctvirt root adopt
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { inactiveDomain, keptRoot } from './arguments.js';

/** Returns the domain, and what it had before as it is kept now. */
export const rootAdopt = verb({
  name: 'root adopt',
  group: 'Domains',
  summary: 'Give a kept root to a domain that is off',
  details: [
    'The root that the domain had is kept from then on. Its document has to fit: the same template, with or without disk limits as the kept root was made.',
  ],
  args: { root: keptRoot, domain: inactiveDomain },
  options: {},
  example: { command: 'ctvirt root adopt web~1 web', does: "Gives 'web' the files of the 'web' before it." },
  async run(context, { args: { root, domain } }) {
    const { domains, roots } = context.client;
    const { uuid } = await domains.summary({ domain });
    const result = await context.busy(`giving ${root} to ${domain}`, () =>
      roots.adopt({ root, body: { domain: uuid } }),
    );
    const before = result.kept === null ? '' : `; what it had before is kept as '${result.kept.name}'`;
    context.done(result, `Domain '${result.domain.name}' has the root '${root}'${before}`);
  },
});
