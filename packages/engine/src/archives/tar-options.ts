// What tar is told of a layer, whoever reads it or writes it: all that a container can have made, and nothing that only its host has.
// SPDX-License-Identifier: Apache-2.0

import { hostsAttributes } from '../storage/contract/overlay.js';

/** XFS shows access lists a second time, with ids of the host. */
const hosts = [...hostsAttributes, 'trusted.SGI_*'];

/** What chattr sets by way of overlay: between hosts that make the same of it, and in no archive, which may be a stranger's. */
const FLAGS = 'trusted.overlay.protattr';

/** Access lists are attributes among the others. */
const attributesWithout = (names: readonly string[]) => [
  '--xattrs',
  '--xattrs-include=*',
  ...names.map((name) => `--xattrs-exclude=${name}`),
];
export const LAYER_ATTRIBUTES = attributesWithout([...hosts, FLAGS]);
export const MOVED_ATTRIBUTES = attributesWithout(hosts);

/** Dates of access and change are the copy's own. */
const packing = (attributes: readonly string[]) => [
  'tar',
  '--create',
  '--file=-',
  '--format=pax',
  '--pax-option=delete=atime,delete=ctime',
  '--numeric-owner',
  '--sparse',
  ...attributes,
  '--directory=/source',
];
export const PACK_LAYER = packing(LAYER_ATTRIBUTES);
export const PACK_MOVED = packing(MOVED_ATTRIBUTES);

/** What overlay says of a folder the host's root alone may read. */
export const PACK_CAPABILITIES = ['CAP_DAC_READ_SEARCH', 'CAP_SYS_ADMIN'] as const;
