// What archives of other systems say of the container in them.
// SPDX-License-Identifier: Apache-2.0
export type { ArchivedContainer, LeftSource, ReadArchived } from './container.js';
export { containerIn, type IncusIndex, readIncus, readIncusIndex } from './incus.js';
export { readPct } from './pct.js';
export { readVps } from './vps.js';
export type { YamlNode } from './yaml.js';
