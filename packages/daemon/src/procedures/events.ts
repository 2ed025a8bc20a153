// The engine's events as libvirt's: one row for each, numbered as clients know them.
// SPDX-License-Identifier: Apache-2.0
import type { Change, DomainSummary, LifecycleEvent, NetworkEvent } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { RpcServer, TypedParam } from '@ctvirt/rpc';
import { toWireNetwork } from './network/shown.js';
import { type Session, subjectOf } from './session.js';
import { jobParams } from './words/job.js';
import { metadataTypes } from './words/metadata-types.js';

type Publish = RpcServer<Session>['publish'];

/** virDomainEventType, and each one's details by the engine's word; others are 0. */
const lifecycle = {
  defined: { event: 0, details: { added: 0, updated: 1, renamed: 2 } },
  undefined: { event: 1, details: { removed: 0, renamed: 1 } },
  started: { event: 2, details: { booted: 0 } },
  suspended: { event: 3, details: { paused: 0 } },
  resumed: { event: 4, details: { unpaused: 0 } },
  stopped: { event: 5, details: { shutdown: 0, destroyed: 1, crashed: 2, failed: 5 } },
} as const satisfies Record<
  LifecycleEvent['event'],
  { event: number; details: Readonly<Record<string, number>> }
>;

/** virNetworkEventLifecycleType. */
const networkLifecycle = { defined: 0, undefined: 1, started: 2, stopped: 3 } as const satisfies Record<
  Exclude<NetworkEvent['event'], 'changed'>,
  number
>;

/** The type libvirt gives each value of its tunable event: the quota may be negative. */
const tunableParam = (field: string, value: number | string): TypedParam =>
  typeof value === 'string'
    ? { field, type: 'string', value }
    : { field, type: field === 'cputune.vcpu_quota' ? 'llong' : 'ullong', value: BigInt(value) };

function tellChange(publish: Publish, domain: DomainSummary, change: Change): void {
  const dom = subjectOf(domain);
  switch (change.what) {
    case 'tunable':
      publish('domain', 'tunable', {
        dom,
        params: Object.entries(change.values).map(([field, value]) => tunableParam(field, value)),
      });
      break;
    case 'memory':
      publish('domain', 'balloonChange', { dom, actual: BigInt(change.currentKiB) });
      break;
    case 'parameters':
      break; // libvirt has no word for other limits
    case 'metadata':
      publish('domain', 'metadataChange', {
        dom,
        type: metadataTypes[change.kind],
        nsuri: change.uri,
      });
      break;
    case 'device-added':
      publish('domain', 'deviceAdded', { dom, devAlias: change.alias });
      break;
    case 'device-removed':
      publish('domain', 'deviceRemoved', { dom, devAlias: change.alias });
      break;
    default:
      change satisfies never;
  }
}

/** Tells clients of every event from now on; the result ends that. */
export function publishEvents(engine: Engine, publish: Publish): () => void {
  const leave = [ofDomains(engine, publish), ofNetworks(engine, publish)];
  return () => {
    for (const each of leave) each();
  };
}

function ofNetworks({ networks }: Engine, publish: Publish): () => void {
  return networks.onEvent(({ event, network }) => {
    // libvirt has no word for it.
    if (event === 'changed') return;
    publish('network', 'lifecycle', {
      net: toWireNetwork(network),
      event: networkLifecycle[event],
      detail: 0,
    });
  });
}

function ofDomains(engine: Engine, publish: Publish): () => void {
  return engine.onEvent((told) => {
    const { domain } = told;
    // libvirt has no word for what a domain was refused.
    if (told.event === 'beancounter') return;
    if (told.event === 'changed') {
      for (const change of told.changes) tellChange(publish, domain, change);
      return;
    }
    if (told.event === 'job') {
      if (told.job.state !== 'running')
        publish('domain', 'jobCompleted', { dom: subjectOf(domain), params: jobParams(told.job) });
      return;
    }
    const { event, details } = lifecycle[told.event];
    const numbers: Readonly<Record<string, number>> = details;
    publish('domain', 'lifecycle', { dom: subjectOf(domain), event, detail: numbers[told.detail] ?? 0 });
    if (told.detail === 'rebooted') publish('domain', 'reboot', { dom: subjectOf(domain) });
  });
}
