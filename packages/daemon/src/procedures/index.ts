// All procedures of libvirt's protocol that this daemon answers, by group; a new group is a file and a line here.
// SPDX-License-Identifier: Apache-2.0
import { askedBy, EngineError, onBehalfOf } from '@ctvirt/engine';
import type { ServerCall } from '@ctvirt/rpc';
import { askerOfClient } from '../asker.js';
import { toLibvirtError, toNetworkError, toNwfilterError, toStorageError } from '../errors.js';
import { bindAbsentOfDomain, bindAbsentOfHost } from './absent.js';
import { bindDomainAccess } from './domain/access.js';
import { bindDomainBandwidth } from './domain/bandwidth.js';
import { bindDefinitions } from './domain/definition.js';
import { bindDeviceCounters } from './domain/device-counters.js';
import { bindDomainDevices } from './domain/devices.js';
import { bindDomainFacts } from './domain/facts.js';
import { bindDomainJobs } from './domain/jobs.js';
import { bindDomainLife } from './domain/life.js';
import { bindDomainLookup } from './domain/lookup.js';
import { bindDomainMemory } from './domain/memory.js';
import { bindDomainMetadata } from './domain/metadata.js';
import { bindMigration } from './domain/migration.js';
import { bindNative } from './domain/native.js';
import { bindDomainPins } from './domain/processor-pins.js';
import { bindDomainTimes } from './domain/processor-times.js';
import { bindDomainProcessors } from './domain/processors.js';
import { bindSnapshots } from './domain/snapshots.js';
import { bindDomainStats } from './domain/stats.js';
import { bindDomainTuning } from './domain/tuning.js';
import { bindDomainUsers } from './domain/users.js';
import { bindConnect } from './host/connect.js';
import { bindNode } from './host/node.js';
import { bindNodeMemory } from './host/node-memory.js';
import { bindNetworkFacts } from './network/facts.js';
import { bindNetworkLife } from './network/life.js';
import { bindNetworkLookup } from './network/lookup.js';
import { bindNetworkMetadata } from './network/metadata.js';
import { bindNetworkPorts } from './network/ports.js';
import { bindNetworkUpdate } from './network/update.js';
import { bindNwfilterBindings } from './nwfilter/bindings.js';
import { bindNwfilters } from './nwfilter/filters.js';
import type { Bind, Binding, Procedures, Session } from './session.js';
import { bindPool } from './storage/pool.js';
import { bindPoolDefinitions, bindPoolLife } from './storage/pool-changes.js';
import { bindVolumeChanges } from './storage/volume-changes.js';
import { bindVolumes } from './storage/volumes.js';

/** A group whose procedures lie in several parts. */
const together =
  (...binds: readonly Bind[]): Bind =>
  (binding) =>
    Object.assign({}, ...binds.map((bind) => bind(binding)));

/** In the order of the compatibility page. */
export const groups: Readonly<Record<string, Bind>> = {
  connection: bindConnect,
  host: bindNode,
  'memory of the host': bindNodeMemory,
  'finding domains': bindDomainLookup,
  'life of domains': together(bindDefinitions, bindDomainLife),
  'facts of domains': bindDomainFacts,
  'jobs of domains': bindDomainJobs,
  'snapshots of domains': bindSnapshots,
  'metadata of domains': bindDomainMetadata,
  'memory of domains': bindDomainMemory,
  'processors of domains': together(bindDomainProcessors, bindDomainPins, bindDomainTimes),
  'limits of domains': bindDomainTuning,
  'bandwidth of links': bindDomainBandwidth,
  'counters of domains': together(bindDomainStats, bindDeviceCounters),
  'devices of domains': bindDomainDevices,
  'access to domains': together(bindDomainAccess, bindDomainUsers),
  'moves of domains': bindMigration,
  'native configurations': bindNative,
  'storage pools': together(bindPool, bindPoolDefinitions, bindPoolLife, bindVolumes, bindVolumeChanges),
  networks: together(
    bindNetworkLookup,
    bindNetworkLife,
    bindNetworkFacts,
    bindNetworkUpdate,
    bindNetworkMetadata,
    bindNetworkPorts,
  ),
  'network filters': together(bindNwfilters, bindNwfilterBindings),
  'objects there are none of': together(bindAbsentOfDomain, bindAbsentOfHost),
};

type AnyHandler = (args: unknown, call: ServerCall<Session>) => unknown;

/** The handlers, with the engine's errors translated on their way out. */
export function bindProcedures(binding: Binding): Procedures {
  const handlers = together(...Object.values(groups))(binding);
  const translated = Object.entries(handlers).map(([name, handler]) => {
    // Each handler is typed by its own row; here only their outcome matters.
    const translating: AnyHandler = async (args, call) => {
      try {
        return await onBehalfOf(
          () => askerOfClient(call.client),
          () => askedBy(call.client.signal, () => Reflect.apply(handler, undefined, [args, call])),
        );
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        if (name.startsWith('network')) throw toNetworkError(error);
        if (name.startsWith('nwfilter')) throw toNwfilterError(error);
        if (name.startsWith('storage')) throw toStorageError(error);
        throw toLibvirtError(error, call.session.errors);
      }
    };
    return [name, translating];
  });
  return Object.fromEntries(translated);
}
