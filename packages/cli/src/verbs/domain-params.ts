// ctvirt params
// SPDX-License-Identifier: Apache-2.0
import { parameterOf, resourceRules } from '@ctvirt/formats';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';

/** JSON has the parameters of the domain, or without one every parameter with its unit and meaning. */
export const params = verb({
  name: 'params',
  group: 'Domains',
  summary: "Show resource parameters by OpenVZ's names, and what becomes of each",
  details: [
    'Enforced: the kernel refuses or throttles at the limit. Approximated: at another grain, which is said. Recorded: kept and shown only.',
    'Without a domain: every parameter there is, its unit and its meaning.',
  ],
  args: { domain: { ...anyDomain, optional: true } },
  options: { inactive: { type: 'flag', summary: 'As the next start of the domain will have them' } },
  example: { command: 'ctvirt params web', does: "Shows the limits of 'web' and how each is kept." },
  async run(context, { args: { domain }, options: { inactive } }) {
    if (domain === undefined) {
      const rows = known();
      context.print(rows, (width) =>
        formatTable(
          ['Parameter', 'Unit', 'Status', 'Meaning', 'How'],
          rows.map(({ key, unit, status, meaning, how }) => [
            key.toLowerCase(),
            unit ?? '-',
            status,
            meaning,
            how,
          ]),
          width,
        ),
      );
      return;
    }
    const rows = await context.client.domains.parameters({ domain, ...(inactive ? { inactive } : {}) });
    context.print(rows, (width) =>
      formatTable(
        ['Parameter', 'Value', 'Status', 'How'],
        rows.map(({ key, value, status, how }) => [key.toLowerCase(), value, status, how]),
        width,
      ),
    );
  },
});

const known = () =>
  resourceRules.map(({ key, status, how }) => {
    const { unit, meaning } = parameterOf(key) ?? { meaning: '' };
    return { key, unit: unit ?? null, status, meaning, how };
  });
