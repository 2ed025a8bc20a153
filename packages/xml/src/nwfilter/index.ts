// <filter>: a filter on the traffic of interfaces, by its name.
// SPDX-License-Identifier: Apache-2.0
import { filterrefFields } from '../domain/filterref.js';
import { attribute, child, element, leaf, many, variants } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { documentName, integer, oneOf, pattern, type Scalar, uuid } from '../schema/scalar.js';
import { protocolMatch } from './protocols.js';

const priority = integer(-1000, 1000);
/** Of a rule that says none. */
const commonPriority = 500;

/** Where packets of each chain are looked at, first the lowest. */
const chains = {
  root: 0,
  mac: -800,
  vlan: -750,
  stp: 0,
  arp: -500,
  rarp: -400,
  ipv4: -700,
  ipv6: -600,
} as const;
const prefixes = Object.keys(chains).filter((name) => name !== 'root');

const chainName = pattern(
  `root, or a name of up to 12 characters that starts with ${prefixes.join(', ')}`,
  `root|(mac|stp|arp)[A-Za-z0-9_.:\\-]{0,9}|(vlan|rarp|ipv4|ipv6)[A-Za-z0-9_.:\\-]{0,8}`,
  ['root', 'arp-mac'],
);

/** Only `false` says something. */
const statematch: Scalar<boolean> = {
  expected: 'false or 0',
  grammar: { kind: 'pattern', pattern: '[Ff][Aa][Ll][Ss][Ee]|0', examples: ['false'] },
  parse: (text) => (/^(?:false|0)$/i.test(text.trim()) ? false : undefined),
  format: String,
};

const entry = variants(
  'entry',
  {
    doc: 'A rule, or another filter whose rules count, too; in their order.',
    isClosed: true,
    isClosedToAttributes: true,
    fields: {},
    choice: {
      by: 'kind',
      isName: true,
      doc: 'Which of both it is.',
      variants: {
        rule: {
          doc: 'What is done with some packets.',
          fields: {
            action: attribute(oneOf('drop', 'accept', 'reject', 'return', 'continue'), {
              doc: 'What is done: `return` goes on in the chain before, `continue` with the next rule.',
              required: true,
            }),
            direction: attribute(oneOf('in', 'out', 'inout'), {
              doc: 'Packets to the domain, from it, or both.',
              required: true,
            }),
            priority: attribute(priority, {
              doc: 'Rules of a lower one come first.',
              assumed: commonPriority,
            }),
            statematch: attribute(statematch, {
              doc: 'It counts whatever is known of the connection, if `false`.',
              since: '0.8.5',
            }),
            match: child(protocolMatch),
          },
        },
        filterref: { doc: 'A filter whose rules count here.', fields: filterrefFields },
      },
    },
  },
  {
    /** Values of a variable together, variables by their names. */
    libvirt(model) {
      if (model.kind === 'rule' || model.parameters === undefined) return model;
      const parameters = model.parameters.toSorted((a, b) =>
        a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
      );
      return { ...model, parameters };
    },
  },
);

/** Of a chain, or `root`. */
const chainPriority = (chain: string): number =>
  Object.entries(chains).find(([name]) => chain.startsWith(name))?.[1] ?? 0;

/** A filter as `virNWFilterGetXMLDesc` of libvirt has it. */
export const nwfilter = element(
  'filter',
  {
    doc: 'A filter on the traffic of interfaces that name it.',
    isClosed: true,
    isClosedToAttributes: true,
    example:
      "<filter name='no-mail' chain='ipv4'>\n  <rule action='drop' direction='out' priority='500'>\n    <tcp dstportstart='25'/>\n  </rule>\n</filter>",
    fields: {
      name: attribute(documentName, { doc: 'Its name, unique on the host.', required: true }),
      chain: attribute(chainName, { doc: 'The chain that its rules stand in.', assumed: 'root' }),
      priority: attribute(priority, {
        doc: 'Chains of a lower one come first; that of its kind when absent.',
        zeroIsUnset: true,
      }),
      uuid: leaf('uuid', uuid, { doc: 'Its UUID; made up when absent.' }),
      entries: many(entry),
    },
  },
  {
    libvirt({ chain, priority: said, ...model }) {
      if (chain === undefined) return model;
      return { ...model, chain, priority: said ?? chainPriority(chain) };
    },
  },
);

/** Rules and other filters, in their order; each says by `kind` which of both it is. */
export type Nwfilter = Infer<typeof nwfilter>;
