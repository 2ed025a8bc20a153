// Where kept pieces stand that belong to no element.
// SPDX-License-Identifier: Apache-2.0

/** Anchors of what stands before and after the root element. */
export const prologAnchor = '(prolog)';
export const epilogAnchor = '(epilog)';
