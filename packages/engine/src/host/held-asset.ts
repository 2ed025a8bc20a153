// What the host holds of ours, and how it is given back.
// SPDX-License-Identifier: Apache-2.0
import { lstatSync } from 'node:fs';
import type { Asset } from '@ctvirt/api';

/** Something that the host holds of ours, and how it is given back to it. */
export interface HeldAsset extends Asset {
  readonly remove: () => void | Promise<void>;
}

/** What lies at a path of ours, as it is told. */
export const kindAt = (path: string): 'file' | 'folder' =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? 'folder' : 'file';
