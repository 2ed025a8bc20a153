// <permissions>: who may what with a pool or a volume.
// SPDX-License-Identifier: Apache-2.0
import { element, leaf } from '../schema/element.js';
import { fileMode, integer, nonEmptyText } from '../schema/scalar.js';

const owner = integer(-1, 4_294_967_295);

/** Of a pool or a volume; the mode is octal in documents, a number in models. */
export const permissions = element('permissions', {
  doc: 'Who may what with it.',
  fields: {
    mode: leaf('mode', fileMode, { doc: 'Its file mode.' }),
    owner: leaf('owner', owner, { doc: 'The user it belongs to; -1 for whoever makes it.' }),
    group: leaf('group', owner, { doc: 'The group it belongs to.' }),
    label: leaf('label', nonEmptyText, { doc: 'Its label of a security module.' }),
  },
});
