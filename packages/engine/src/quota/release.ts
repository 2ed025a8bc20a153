// Takes back the limits of a domain that is going to be erased: the kernel keeps them whether or not anything is left to limit.
// SPDX-License-Identifier: Apache-2.0
import type { DomainRecord } from '../state/record.js';
import { releaseLayers } from '../storage/index.js';
import { limitOwners } from './owners.js';

/** `ids` are those it leased; others are not ours to free of limits. */
export function releaseLimits(folder: string, ids: DomainRecord['ids']): void {
  releaseLayers(folder);
  if (ids === null) return;
  const range = [{ inside: 0, outside: ids.start, count: ids.count }];
  limitOwners(folder, { uid: range, gid: range }, []);
}
