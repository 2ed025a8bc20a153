// The dataset of a layer: which it is, what new ones are called, and how it is mounted.
// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { MountAttr } from '../../host/mount-calls.js';
import { volumeAt } from '../../host/volumes.js';
import type { Place } from './layer.js';

/** Says which dataset it is. */
export const namePath = ({ folder, key }: Place): string => join(folder, `${key}.zfs`);
export const datasetOf = (place: Place): string => volumeAt(namePath(place)).name;
export const newIn = (parent: string): string => `${parent}/ctvirt-${randomUUID()}`;

export const ofDataset = (source: string) =>
  ({ type: 'zfs', source, data: '', attributes: MountAttr.noSuid | MountAttr.noDev }) as const;
