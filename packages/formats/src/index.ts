// Public surface of the native formats.
// SPDX-License-Identifier: Apache-2.0
export { type FormatCode, FormatError, formatCodes } from './errors.js';
export * from './lxc/index.js';
export * from './openvz/index.js';
