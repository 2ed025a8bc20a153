// <quota>: limits on disk space and inodes, of the container or of one user or group in it.
// SPDX-License-Identifier: Apache-2.0

import type { LegacyForm } from '../schema/declaration.js';
import { attribute, element, sizeAttribute, slot, text, variants } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { count, oneOf, uint32 } from '../schema/scalar.js';

const bytes = { unitAttribute: 'unit', defaultUnit: 'KiB', unit: 'bytes' } as const;

/** Without `uid` and `gid` it is that of the whole file system; both at once are an error. */
export const quota = variants(
  'quota',
  {
    doc: 'A limit on disk space or inodes; with uid or gid, of that user or group inside the container.',
    since: 'ctvirt',
    example: "<quota type='size' uid='500' max='5368709120' unit='bytes'/>",
    fields: {
      type: slot,
      uid: attribute(uint32, { doc: 'The user, as the container counts them.' }),
      gid: attribute(uint32, { doc: 'The group, as the container counts them.' }),
    },
    choice: {
      by: 'type',
      doc: 'What is limited.',
      variants: {
        size: {
          doc: 'Disk space; a number without a unit counts KiB, as DISKSPACE of OpenVZ does.',
          fields: {
            maxBytes: sizeAttribute('max', { ...bytes, doc: 'The hard limit; 0 is none.', required: true }),
            softBytes: sizeAttribute('soft', { ...bytes, doc: 'The limit that may be passed for a while.' }),
          },
        },
        inodes: {
          doc: 'Number of files.',
          fields: {
            max: attribute(count, { doc: 'The hard limit; 0 is none.', required: true }),
            soft: attribute(count, { doc: 'The limit that may be passed for a while.' }),
          },
        },
      },
    },
  },
  {
    check(model, report) {
      const [max, soft] = model.type === 'size' ? [model.maxBytes, model.softBytes] : [model.max, model.soft];
      if (soft !== undefined && soft > max)
        report.error(
          'soft-over-hard',
          [model.type === 'size' ? 'softBytes' : 'soft'],
          'the soft limit is above the hard limit',
          {
            found: String(soft),
            expected: `at most ${max}`,
          },
        );
      if (model.uid !== undefined && model.gid !== undefined)
        report.error('conflict', ['gid'], 'a quota is of a user or of a group, not of both');
    },
  },
);

/** A hard limit and maybe a soft one: `maxBytes` and `softBytes` of type `size`, `max` and `soft` of type `inodes`. */
export type Quota = Infer<typeof quota>;

const quotaByLevel = element('quota', {
  doc: "The quota of the 2007 proposal, in bytes: level 'first' limits the container, 'second' one user in it.",
  fields: {
    level: attribute(oneOf('first', 'second'), { doc: 'Whose quota it is.', required: true }),
    uid: attribute(uint32, { doc: "The user, with level 'second'." }),
    gid: attribute(uint32, { doc: "The group, with level 'second'." }),
    bytes: text(count, { doc: 'The limit in bytes.' }),
  },
});

/** <quota level='…'>: space_hard_limit for the first level, a quota of type size for the second. */
export const legacyQuota: LegacyForm = {
  element: quotaByLevel,
  when: (node) => node.attributes.level !== undefined,
  rewrite(node, parent) {
    if (node.attributes.level === 'first') {
      parent.replaceChild(node, node.makeUp('space_hard_limit', { unit: 'bytes' }, node.text));
      return;
    }
    const { level: _, ...owner } = node.attributes;
    parent.replaceChild(
      node,
      node.makeUp('quota', { type: 'size', ...owner, max: node.text, unit: 'bytes' }),
    );
  },
};
