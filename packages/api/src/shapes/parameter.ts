// A domain's resource parameters by OpenVZ's names, and what becomes of each on this host.
// SPDX-License-Identifier: Apache-2.0
import { object, oneOf, type Static, string } from '../schema.js';

/** One resource parameter of a domain. */
export const parameterRow = object(
  {
    key: string({ description: "OpenVZ's name" }),
    value: string({ description: "In OpenVZ's spelling: barrier:limit, soft:hard or one number" }),
    status: oneOf(['enforced', 'approximated', 'recorded'], { description: 'What becomes of it here' }),
    how: string({
      description: 'For people: where it is enforced and how that differs, or why it is not',
    }),
  },
  { title: 'ParameterRow', description: 'A resource parameter of a domain, and what becomes of it' },
);
/** One resource parameter of a domain. */
export type ParameterRow = Static<typeof parameterRow>;
