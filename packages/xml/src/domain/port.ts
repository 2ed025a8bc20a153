// <port>: options of an interface's port on its bridge.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element } from '../schema/element.js';
import { yesNo } from '../schema/scalar.js';

/** Isolated ports of a bridge reach what is not isolated, and not each other. */
export const port = element('port', {
  doc: 'Options of the port on the bridge.',
  since: '6.1.0',
  emptyIsUnset: true,
  fields: { isolated: attribute(yesNo, { doc: 'Whether isolated ports cannot reach each other.' }) },
});
