// Where kept pieces stand that belong to no element.
// SPDX-License-Identifier: Apache-2.0

/** Anchor of what stands before the root element. */
export const prologAnchor = '(prolog)';
/** Anchor of what stands after the root element. */
export const epilogAnchor = '(epilog)';
