// The one version all packages share; a test holds it equal to theirs.
// SPDX-License-Identifier: Apache-2.0
/** The version of the contract and of every package. */
export const version = '0.1.0';
