// Public surface of the command line, for tools that document or embed it.
// SPDX-License-Identifier: Apache-2.0
export type { Io } from './io.js';
export { run } from './run.js';
