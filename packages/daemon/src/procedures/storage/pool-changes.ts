// Changes to the templates' storage pool: it is there and active already, which is what most are told.
// SPDX-License-Identifier: Apache-2.0
import type { Bind } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { checkPoolDefinition, readPoolDefinition } from './pool-definition.js';
import { checkPool, pool, poolName } from './the-pool.js';

/** virStoragePoolCreateFlags and virStoragePoolBuildFlags. */
const knownFlags = { create: 7, build: 7 } as const;

/** Nothing changes: a call is answered as done where it asks for what is there, and refused otherwise. */
export const bindPoolChanges: Bind = ({ templatesFolder }) => {
  const checkDefinition = (xml: string): void =>
    checkPoolDefinition(readPoolDefinition(xml), { ...pool, path: templatesFolder });
  const isAlreadyActive = () =>
    refusal('operationInvalid', 'storage', `storage pool '${poolName}' is already active`);
  const refuseWhileActive = (asked: { uuid: string }): never => {
    checkPool(asked);
    throw refusal('operationInvalid', 'storage', `storage pool '${poolName}' is still active`);
  };

  return {
    storagePoolDefineXml({ xml, flags }, { name }) {
      checkFlags(flags, 1, name);
      checkDefinition(xml);
      return { pool };
    },
    storagePoolCreateXml({ xml, flags }, { name }) {
      checkFlags(flags, knownFlags.create, name);
      checkDefinition(xml);
      throw refusal('operationInvalid', 'storage', `pool is already active as '${poolName}'`);
    },
    storagePoolCreate({ pool: asked, flags }, { name }) {
      checkFlags(flags, knownFlags.create, name);
      checkPool(asked);
      throw isAlreadyActive();
    },
    storagePoolBuild({ pool: asked, flags }, { name }) {
      checkFlags(flags, knownFlags.build, name);
      checkPool(asked);
      throw isAlreadyActive();
    },
    storagePoolUndefine: ({ pool: asked }) => refuseWhileActive(asked),
    storagePoolDelete: ({ pool: asked }) => refuseWhileActive(asked),
    storagePoolSetAutostart({ pool: asked, autostart }) {
      checkPool(asked);
      if (autostart === 0)
        throw refusal('operationUnsupported', 'storage', 'the pool of the templates is always there');
    },
    storagePoolRefresh: ({ pool: asked }) => checkPool(asked),
  };
};
