// What the host holds of ours, and how it is given back.
// SPDX-License-Identifier: Apache-2.0
import type { Asset } from '@ctvirt/api';

/** Something that the host holds of ours, and how it is given back to it. */
export interface HeldAsset extends Asset {
  readonly remove: () => void | Promise<void>;
}
