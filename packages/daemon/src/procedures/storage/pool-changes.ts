// Changes to storage pools: they are there and active already, which is what most are told.
// SPDX-License-Identifier: Apache-2.0
import type { Bind } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { definedPool, readPoolDefinition } from './pool-definition.js';
import { findPool, poolsOf, toWirePool } from './pools.js';

/** virStoragePoolCreateFlags and virStoragePoolBuildFlags. */
const knownFlags = { create: 7, build: 7 } as const;

/** Nothing changes: a call is answered as done where it asks for what is there, and refused otherwise. */
export const bindPoolChanges: Bind = (binding) => {
  const pools = poolsOf(binding);
  const defined = (xml: string) => definedPool(readPoolDefinition(xml), pools);
  const refuseAs = (asked: { uuid: string }, state: string): never => {
    const { name } = findPool(pools, { uuid: asked.uuid });
    throw refusal('operationInvalid', 'storage', `storage pool '${name}' is ${state} active`);
  };

  return {
    storagePoolDefineXml({ xml, flags }, { name }) {
      checkFlags(flags, 1, name);
      return { pool: toWirePool(defined(xml)) };
    },
    storagePoolCreateXml({ xml, flags }, { name }) {
      checkFlags(flags, knownFlags.create, name);
      throw refusal('operationInvalid', 'storage', `pool is already active as '${defined(xml).name}'`);
    },
    storagePoolCreate({ pool, flags }, { name }) {
      checkFlags(flags, knownFlags.create, name);
      return refuseAs(pool, 'already');
    },
    storagePoolBuild({ pool, flags }, { name }) {
      checkFlags(flags, knownFlags.build, name);
      return refuseAs(pool, 'already');
    },
    storagePoolUndefine: ({ pool }) => refuseAs(pool, 'still'),
    storagePoolDelete: ({ pool }) => refuseAs(pool, 'still'),
    storagePoolSetAutostart({ pool: { uuid }, autostart }) {
      const { name } = findPool(pools, { uuid });
      if (autostart === 0)
        throw refusal('operationUnsupported', 'storage', `storage pool '${name}' is always there`);
    },
    storagePoolRefresh: ({ pool: { uuid } }) => void findPool(pools, { uuid }),
  };
};
