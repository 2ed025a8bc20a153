// Every shape of the contract: a schema, and under the same name in capitals its static type.
// SPDX-License-Identifier: Apache-2.0
export * from './domain.js';
export * from './domain-info.js';
export * from './finding.js';
