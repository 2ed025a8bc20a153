// Public surface of this package.
// SPDX-License-Identifier: Apache-2.0
export {};
