// What tar is told of a layer, whoever reads it or writes it: all that a container can have made, and nothing that only its host has.
// SPDX-License-Identifier: Apache-2.0

/** Overlay keeps names of another file system's inodes, which are none elsewhere. XFS shows access lists a second time, with ids of the host. */
const hosts = [
  ...['origin', 'uuid', 'impure', 'nlink', 'upper', 'protattr'].map((name) => `trusted.overlay.${name}`),
  'trusted.SGI_*',
  'security.selinux',
];

/** Access lists are attributes among the others. */
export const LAYER_ATTRIBUTES = [
  '--xattrs',
  '--xattrs-include=*',
  ...hosts.map((name) => `--xattrs-exclude=${name}`),
] as const;

/** Dates of access and change are the copy's own. */
export const PACK_LAYER = [
  'tar',
  '--create',
  '--file=-',
  '--format=pax',
  '--pax-option=delete=atime,delete=ctime',
  '--numeric-owner',
  '--sparse',
  ...LAYER_ATTRIBUTES,
  '--directory=/source',
] as const;

/** What overlay says of a folder the host's root alone may read. */
export const PACK_CAPABILITIES = ['CAP_DAC_READ_SEARCH', 'CAP_SYS_ADMIN'] as const;
