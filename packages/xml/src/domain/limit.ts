// What a number of KiB limits.
// SPDX-License-Identifier: Apache-2.0

/** What libvirt and the kernel mean by no limit, in KiB; readers take it, and all above it, as such. */
export const unlimitedKiB = Number.MAX_SAFE_INTEGER;

/** A limit of a document in KiB; undefined where it limits nothing. */
export const limitKiB = (kib: number | undefined): number | undefined =>
  kib === undefined || kib >= unlimitedKiB ? undefined : kib;
