// <domainsnapshot>: a domain as it was at one time.
// SPDX-License-Identifier: Apache-2.0
import { domain } from '../domain/index.js';
import { attribute, child, element, leaf, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { anyText, count, nonEmptyText, oneOf } from '../schema/scalar.js';

const manner = attribute(oneOf('no', 'internal', 'external', 'manual', 'default'), {
  doc: 'Whether, and where, it is kept.',
});

const disk = element('disk', {
  doc: 'One of its disks.',
  fields: {
    name: attribute(nonEmptyText, { doc: 'Its target, or its source.', required: true }),
    snapshot: manner,
    type: attribute(nonEmptyText, { doc: 'What the new source is.' }),
    driver: child(
      element('driver', {
        doc: 'Format of the new source.',
        fields: { type: attribute(nonEmptyText, { doc: 'Its name.' }) },
      }),
    ),
    source: child(
      element('source', {
        doc: 'The new source.',
        fields: {
          file: attribute(nonEmptyText, { doc: 'Path of a file.' }),
          dev: attribute(nonEmptyText, { doc: 'Path of a device.' }),
        },
      }),
    ),
  },
});

/** libvirt's <domainsnapshot>, with the domain as it was inside. */
export const snapshot = element('domainsnapshot', {
  doc: 'A domain as it was at one time.',
  example:
    '<domainsnapshot>\n  <name>before</name>\n  <description>before the upgrade</description>\n</domainsnapshot>',
  fields: {
    name: leaf('name', nonEmptyText, { doc: 'Its name; the time of its making when absent.' }),
    description: leaf('description', anyText, { doc: 'A text for people.' }),
    state: leaf('state', nonEmptyText, { doc: 'What the domain did then.' }),
    parent: child(
      element('parent', {
        doc: 'The snapshot before it.',
        fields: { name: leaf('name', nonEmptyText, { doc: 'Its name.', required: true }) },
      }),
    ),
    creationTime: leaf('creationTime', count, { doc: 'Seconds since 1970.' }),
    memory: child(
      element('memory', {
        doc: 'What it had in memory.',
        fields: { snapshot: manner, file: attribute(nonEmptyText, { doc: 'Where it is kept.' }) },
      }),
    ),
    disks: child(element('disks', { doc: 'Its disks.', fields: { disks: many(disk) } })),
    domain: child(domain),
    active: leaf('active', oneOf('0', '1'), { doc: 'Whether it is the current one.', live: true }),
  },
});

/** A snapshot by its name, its parent, and its time in seconds since 1970. */
export type Snapshot = Infer<typeof snapshot>;
