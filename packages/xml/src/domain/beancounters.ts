// <ctvirt:beancounters>: parameters of OpenVZ that libvirt has no element for, kept in the metadata.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { namespaces } from '../schema/namespaces.js';
import { keptText, nonEmptyText, type Scalar } from '../schema/scalar.js';

/** What OpenVZ means by no limit on 64 bits, and on 32. */
const mostOfKernel = '9223372036854775807';

/** A number, or 'unlimited' however it is spelled. */
const amount: Scalar<number | 'unlimited'> = {
  expected: "a whole number or 'unlimited'",
  grammar: { kind: 'pattern', pattern: '[0-9]{1,19}|unlimited', examples: ['unlimited', '240'] },
  parse: (given) => {
    const word = given.trim();
    if (word === 'unlimited' || word === mostOfKernel) return 'unlimited';
    if (!/^\d{1,19}$/.test(word)) return undefined;
    const value = Number(word);
    return Number.isSafeInteger(value) ? value : undefined;
  },
  format: String,
};

const parameter = element(
  'ctvirt:parameter',
  {
    doc: 'One parameter: a beancounter with barrier and limit, or anything else with a value.',
    example: "<ctvirt:parameter name='numproc' barrier='240' limit='240'/>",
    namespace: { ...namespaces.ctvirt, declares: false },
    fields: {
      name: attribute(nonEmptyText, { doc: 'Its name, a beancounter in lower case.', required: true }),
      barrier: attribute(amount, { doc: 'What is granted without more ado.' }),
      limit: attribute(amount, { doc: 'What cannot be passed.' }),
      value: attribute(keptText, { doc: 'The value of a parameter that is no beancounter.' }),
    },
  },
  {
    check(model, report) {
      const { barrier, limit, value } = model;
      const isOver = typeof limit === 'number' && (barrier === 'unlimited' || (barrier ?? 0) > limit);
      if (isOver)
        report.error('barrier-over-limit', ['barrier'], `the barrier of ${model.name} is above its limit`, {
          found: String(barrier),
          expected: `at most ${limit}`,
        });
      if (value === undefined && limit === undefined && barrier === undefined)
        report.error('missing-attribute', [], `the parameter ${model.name} has no value`, {
          expected: 'barrier and limit, or value',
        });
    },
  },
);

/** It stands in `<metadata>`, and its parameters are in the domain's model as `beancounters`. */
export const beancounters = element('ctvirt:beancounters', {
  doc: 'Parameters of OpenVZ that no other element holds.',
  example:
    "<ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'>\n  <ctvirt:parameter name='numproc' barrier='240' limit='240'/>\n</ctvirt:beancounters>",
  since: 'ctvirt',
  namespace: { ...namespaces.ctvirt, declares: true },
  fields: { parameters: many(parameter) },
});

/** A parameter by its name: `barrier` and `limit` in its own unit, or a `value` as it was written. */
export type Beancounter = Infer<typeof parameter>;
