// Public surface of the engine.
// SPDX-License-Identifier: Apache-2.0
export type * from './contract.js';
export { type EngineCode, EngineError, engineCodes } from './errors.js';
export type * from './view.js';
