// What is measured of storage: one file for each row.
// SPDX-License-Identifier: Apache-2.0
import { archive } from './archive.mjs';
import { backup } from './backup.mjs';
import { clone } from './clone.mjs';
import { listing } from './listing.mjs';
import { move } from './move.mjs';
import { snapshot } from './snapshot.mjs';
import { streams } from './streams.mjs';

export const storageRows = [snapshot, listing, clone, archive, backup, move, streams];
