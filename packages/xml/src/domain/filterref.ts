// <filterref>: a filter by its name, with values for its variables.
// SPDX-License-Identifier: Apache-2.0
import type { Fields } from '../schema/declaration.js';
import { attribute, element, many } from '../schema/element.js';
import { nonEmptyText } from '../schema/scalar.js';

const parameter = element('parameter', {
  doc: 'A variable of the filter.',
  fields: {
    name: attribute(nonEmptyText, { doc: 'Its name.', required: true }),
    value: attribute(nonEmptyText, { doc: 'Its value.', required: true }),
  },
});

/** A variable of several values is said that many times. */
export const filterrefFields = {
  filter: attribute(nonEmptyText, { doc: 'Name of the filter.', required: true }),
  parameters: many(parameter),
} satisfies Fields;

/** That of an interface. */
export const filterref = element('filterref', {
  doc: 'A filter on the traffic.',
  since: '0.8.0',
  fields: filterrefFields,
});
