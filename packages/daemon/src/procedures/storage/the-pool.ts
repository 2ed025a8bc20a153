// The one storage pool there is, in which the templates lie, and who means it.
// SPDX-License-Identifier: Apache-2.0
import { namedUuid } from '../words/named-uuid.js';
import { refusal } from '../words/refusal.js';

/** virt-manager makes a pool of this name in a folder of its own where there is none. */
export const poolName = 'default';
/** As every answer about it names it. */
export const pool = { name: poolName, uuid: namedUuid('pool', poolName) } as const;

/** Refuses any other pool. */
export function checkPool(asked: { name?: string; uuid?: string }): void {
  if (asked.uuid === undefined ? asked.name === poolName : asked.uuid === pool.uuid) return;
  const what = asked.uuid === undefined ? `name '${asked.name}'` : `uuid '${asked.uuid}'`;
  throw refusal('noStoragePool', 'storage', `no storage pool with matching ${what}`);
}
