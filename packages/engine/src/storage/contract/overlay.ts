// What overlay is told wherever it is mounted.
// SPDX-License-Identifier: Apache-2.0

/**
 * Whatever a host's kernel does unasked: what these leave in a layer is lost in a copy of it, or makes sense above one template's
 * inodes alone.
 */
export const overlayOptions = ['index=off', 'metacopy=off', 'redirect_dir=off'] as const;

/** Attributes in a layer that say something on its own host alone, such as overlay's names of another file system's inodes. */
export const hostsAttributes = [
  ...['origin', 'uuid', 'impure', 'nlink', 'upper'].map((name) => `trusted.overlay.${name}`),
  'security.selinux',
] as const;
