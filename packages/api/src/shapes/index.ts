// Every shape of the contract: a schema, and under the same name in capitals its static type.
// SPDX-License-Identifier: Apache-2.0
export * from './adoption.js';
export * from './archive.js';
export * from './asset.js';
export * from './beancounters.js';
export * from './delivery.js';
export * from './domain.js';
export * from './domain-info.js';
export * from './event.js';
export * from './filter.js';
export * from './finding.js';
export * from './forward.js';
export * from './guarantees.js';
export * from './host.js';
export * from './job.js';
export * from './network.js';
export * from './parameter.js';
export * from './processes.js';
export * from './profile.js';
export * from './quota.js';
export * from './root.js';
export * from './session.js';
export * from './settings.js';
export * from './snapshot.js';
export * from './template.js';
export * from './traffic.js';
export * from './usage.js';
