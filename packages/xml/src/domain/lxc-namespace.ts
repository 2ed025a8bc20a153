// <lxc:namespace>: namespaces shared with another container or process.
// SPDX-License-Identifier: Apache-2.0
import { attribute, child, element } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { namespaces } from '../schema/namespaces.js';
import { nonEmptyText, oneOf } from '../schema/scalar.js';

const namespace = { ...namespaces.lxc, declares: false } as const;

const shared = (name: string, doc: string) =>
  element(`lxc:${name}`, {
    doc,
    namespace,
    fields: {
      type: attribute(oneOf('none', 'name', 'pid', 'netns'), {
        doc: 'How the other is named.',
        required: true,
      }),
      value: attribute(nonEmptyText, {
        doc: 'Name of the container, number of the process, or name of the network namespace.',
        required: true,
      }),
    },
  });

export const lxcNamespace = element('lxc:namespace', {
  doc: 'Namespaces shared with another container or process.',
  example: "<lxc:namespace>\n  <lxc:sharenet type='netns' value='red'/>\n</lxc:namespace>",
  namespace,
  fields: {
    sharenet: child(shared('sharenet', 'The network stack.')),
    shareipc: child(shared('shareipc', 'System V and POSIX communication.')),
    shareuts: child(shared('shareuts', 'Host name.')),
  },
});

export type LxcNamespace = Infer<typeof lxcNamespace>;
