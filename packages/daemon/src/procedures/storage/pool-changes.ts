// Changes to storage pools: folders of the host come and go; the daemon's own are there and active already.
// SPDX-License-Identifier: Apache-2.0
import type { Bind, Binding } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { presentPool, readPoolDefinition } from './pool-definition.js';
import { findPool, type Pool, poolsOf, toWirePool } from './pools.js';

/**
 * virStoragePoolCreateFlags, which make the folder first, and of virStoragePoolBuildFlags those about what is there: no folder is
 * overwritten by any of them.
 */
const knownFlags = { create: 1 | 2 | 4, build: 4 | 8 } as const;
/** virStoragePoolDefineFlags. */
const validate = 1;
/** virStoragePoolEventLifecycleType. */
const events = { defined: 0, undefined: 1, started: 2, stopped: 3, created: 4, deleted: 5 } as const;

const tell = ({ publish }: Binding, pool: Pick<Pool, 'name' | 'uuid'>, event: keyof typeof events): void =>
  publish('storagePool', 'lifecycle', { pool: toWirePool(pool), event: events[event], detail: 0 });

/** A definition is answered as done where it asks for what is there. */
export const bindPoolDefinitions: Bind = (binding) => {
  const define = async (xml: string, { strict = false, transient = false, build = false } = {}) => {
    const asked = readPoolDefinition(xml, { strict });
    const present = presentPool(asked, poolsOf(binding));
    if (present?.isActive && transient)
      throw refusal('operationInvalid', 'storage', `pool is already active as '${present.name}'`);
    if (present !== undefined) {
      if (build) await binding.engine.pools.build(present.name);
      // One that is defined, and off, is started by its document, too, and stays defined.
      if (transient) await binding.engine.pools.start(present.name);
      return present;
    }
    const { name, uuid, path, permissions } = asked;
    if (path === undefined) throw refusal('xmlError', 'storage', 'missing storage pool target path');
    return await binding.engine.pools.define({ name, uuid, path, permissions }, { transient, build });
  };
  return {
    async storagePoolDefineXml({ xml, flags }, { name }) {
      checkFlags(flags, validate, name);
      const pool = await define(xml, { strict: flags === validate });
      tell(binding, pool, 'defined');
      return { pool: toWirePool(pool) };
    },
    async storagePoolCreateXml({ xml, flags }, { name }) {
      checkFlags(flags, knownFlags.create, name);
      const pool = await define(xml, { transient: true, build: flags !== 0 });
      tell(binding, pool, 'started');
      return { pool: toWirePool(pool) };
    },
    async storagePoolUndefine({ pool }) {
      const found = stopped(binding, pool, 'still');
      await binding.engine.pools.undefine(found.name);
      tell(binding, found, 'undefined');
    },
  };
};

/** One that is to be off. */
function stopped(binding: Binding, { uuid }: { readonly uuid: string }, state: 'already' | 'still'): Pool {
  const pool = findPool(poolsOf(binding), { uuid });
  if (pool.isActive)
    throw refusal('operationInvalid', 'storage', `storage pool '${pool.name}' is ${state} active`);
  return pool;
}

/** The daemon's own are there, active and on. */
export const bindPoolLife: Bind = (binding) => {
  const find = ({ uuid }: { readonly uuid: string }): Pool => findPool(poolsOf(binding), { uuid });
  return {
    async storagePoolCreate({ pool, flags }, { name }) {
      checkFlags(flags, knownFlags.create, name);
      const found = stopped(binding, pool, 'already');
      if (flags !== 0) await binding.engine.pools.build(found.name);
      await binding.engine.pools.start(found.name);
      tell(binding, found, 'started');
    },
    async storagePoolBuild({ pool, flags }, { name }) {
      checkFlags(flags, knownFlags.build, name);
      const found = stopped(binding, pool, 'already');
      await binding.engine.pools.build(found.name);
      tell(binding, found, 'created');
    },
    async storagePoolDestroy({ pool }) {
      const found = find(pool);
      if (found.isOwn)
        throw refusal('operationUnsupported', 'storage', `storage pool '${found.name}' is always active`);
      if (!found.isActive)
        throw refusal('operationInvalid', 'storage', `storage pool '${found.name}' is not active`);
      await binding.engine.pools.stop(found.name);
      tell(binding, found, 'stopped');
    },
    async storagePoolDelete({ pool, flags }, { name }) {
      checkFlags(flags, 0, name);
      const found = stopped(binding, pool, 'still');
      await binding.engine.pools.erase(found.name);
      tell(binding, found, 'deleted');
    },
    async storagePoolSetAutostart({ pool, autostart }) {
      const found = find(pool);
      if (!found.isOwn) await binding.engine.pools.setAutostart(found.name, autostart !== 0);
      else if (autostart === 0)
        throw refusal('operationUnsupported', 'storage', `storage pool '${found.name}' is always there`);
    },
    async storagePoolRefresh({ pool }) {
      const found = find(pool);
      // What is in it is looked at whenever somebody asks.
      await found.volumes();
      binding.publish('storagePool', 'refresh', { pool: toWirePool(found) });
    },
  };
};
