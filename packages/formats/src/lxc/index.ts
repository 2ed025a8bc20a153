// Public surface of the LXC format.
// SPDX-License-Identifier: Apache-2.0
export { type LxcKey, lxcKeyOf, lxcKeys, presentName } from './keys.js';
export {
  formatCommand,
  formatLxcConfig,
  formatMountEntry,
  type LxcMount,
  type LxcRow,
  mountField,
} from './write.js';
