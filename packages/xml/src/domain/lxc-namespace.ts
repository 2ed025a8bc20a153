// <lxc:namespace>: namespaces shared with another container or process.
// SPDX-License-Identifier: Apache-2.0

import type { LegacyForm } from '../schema/declaration.js';
import { attribute, child, element } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { namespaces } from '../schema/namespaces.js';
import { nonEmptyText, oneOf } from '../schema/scalar.js';

const namespace = { ...namespaces.lxc, declares: false } as const;

const fields = {
  type: attribute(oneOf('none', 'name', 'pid', 'netns'), {
    doc: 'How the other is named.',
    required: true,
  }),
  value: attribute(nonEmptyText, {
    doc: 'Name of the container, number of the process, or name of the network namespace.',
    required: true,
  }),
};

const shared = (name: string, doc: string) => element(`lxc:${name}`, { doc, namespace, fields });

/** libvirt looks at local names alone inside it. */
const bare = (name: string): LegacyForm => ({
  element: element(name, { doc: `As \`<lxc:${name}>\`, without its prefix.`, fields }),
  rewrite: (node, parent) => parent.replaceChild(node, node.makeUp(`lxc:${name}`, { ...node.attributes })),
});

/** It has libvirt's namespace of LXC; names inside are read with its prefix or without. */
export const lxcNamespace = element(
  'lxc:namespace',
  {
    doc: 'Namespaces shared with another container or process.',
    example: "<lxc:namespace>\n  <lxc:sharenet type='netns' value='red'/>\n</lxc:namespace>",
    namespace,
    emptyIsUnset: true,
    legacy: ['sharenet', 'shareipc', 'shareuts'].map(bare),
    fields: {
      sharenet: child(shared('sharenet', 'The network stack.')),
      shareipc: child(shared('shareipc', 'System V and POSIX communication.')),
      shareuts: child(shared('shareuts', 'Host name.')),
    },
  },
  {
    libvirt({ sharenet, shareipc, shareuts }) {
      const shown = <M extends { readonly type: string }>(one: M | undefined) =>
        one?.type === 'none' ? undefined : one;
      return { sharenet: shown(sharenet), shareipc: shown(shareipc), shareuts: shown(shareuts) };
    },
  },
);

/** By namespace (`sharenet`, `shareipc`, `shareuts`) with whom it is shared. */
export type LxcNamespace = Infer<typeof lxcNamespace>;
