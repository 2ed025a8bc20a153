// What the tests of the engine's frontends run: the engine itself, over domains in memory.
// SPDX-License-Identifier: Apache-2.0
export { type Inside, MemoryDriver, type MemoryHost } from '../drivers/memory/driver.js';
export { MemoryNetworkHost } from '../drivers/memory/networks.js';
export { archive, file } from './hostile-archive.js';
export { documentPathIn, openMemoryEngine } from './memory-engine.js';
export { dockerArchiveOf, layoutOf, tarOf, writeFiles } from './oci-image.js';
