// Public surface of the engine.
// SPDX-License-Identifier: Apache-2.0
export type * from './contract.js';
export { type EngineLog, openEngine } from './engine.js';
export { type EngineCode, EngineError, engineCodes } from './errors.js';
export { parameterEdit } from './lifecycle/parameters.js';
export { type Layout, layoutOf } from './state/layout.js';
export type * from './view.js';
