// The engine's events as libvirt's: one row for each, numbered as clients know them.
// SPDX-License-Identifier: Apache-2.0
import type { Change, DomainSummary, LifecycleEvent } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { RpcServer, TypedParam } from '@ctvirt/rpc';
import { metadataTypes } from './domain/metadata-types.js';
import { type Session, subjectOf } from './session.js';

type Publish = RpcServer<Session>['publish'];

/** virDomainEventType, and each one's details by the engine's word; others are 0. */
const lifecycle = {
  defined: { event: 0, details: { added: 0, updated: 1 } },
  undefined: { event: 1, details: { removed: 0 } },
  started: { event: 2, details: { booted: 0 } },
  suspended: { event: 3, details: { paused: 0 } },
  resumed: { event: 4, details: { unpaused: 0 } },
  stopped: { event: 5, details: { shutdown: 0, destroyed: 1, crashed: 2, failed: 5 } },
} as const satisfies Record<
  LifecycleEvent['event'],
  { event: number; details: Readonly<Record<string, number>> }
>;

/** The type libvirt gives each value of its tunable event: the quota may be negative. */
const tunableParam = (field: string, value: number | string): TypedParam =>
  typeof value === 'string'
    ? { field, type: 'string', value }
    : { field, type: field === 'cputune.vcpu_quota' ? 'llong' : 'ullong', value: BigInt(value) };

type Tell<W extends Change['what']> = (
  publish: Publish,
  domain: DomainSummary,
  change: Extract<Change, { what: W }>,
) => void;

const changed: { readonly [W in Change['what']]: Tell<W> } = {
  tunable: (publish, domain, { values }) =>
    publish('domain', 'tunable', {
      dom: subjectOf(domain),
      params: Object.entries(values).map(([field, value]) => tunableParam(field, value)),
    }),
  memory: (publish, domain, { currentKiB }) =>
    publish('domain', 'balloonChange', { dom: subjectOf(domain), actual: BigInt(currentKiB) }),
  // libvirt has no word for other limits.
  parameters: () => undefined,
  metadata: (publish, domain, { kind, uri }) =>
    publish('domain', 'metadataChange', { dom: subjectOf(domain), type: metadataTypes[kind], nsuri: uri }),
  'device-added': (publish, domain, { alias }) =>
    publish('domain', 'deviceAdded', { dom: subjectOf(domain), devAlias: alias }),
  'device-removed': (publish, domain, { alias }) =>
    publish('domain', 'deviceRemoved', { dom: subjectOf(domain), devAlias: alias }),
};

function tellChange<W extends Change['what']>(
  publish: Publish,
  domain: DomainSummary,
  change: Extract<Change, { what: W }>,
): void {
  const tell: Tell<W> = changed[change.what as W];
  tell(publish, domain, change);
}

/** Tells clients of every event from now on; the result ends that. */
export function publishEvents(engine: Engine, publish: Publish): () => void {
  return engine.onEvent((told) => {
    const { domain } = told;
    // libvirt has no word for what a domain was refused.
    if (told.event === 'beancounter') return;
    if (told.event === 'changed') {
      for (const change of told.changes) tellChange(publish, domain, change);
      return;
    }
    const { event, details } = lifecycle[told.event];
    const numbers: Readonly<Record<string, number>> = details;
    publish('domain', 'lifecycle', { dom: subjectOf(domain), event, detail: numbers[told.detail] ?? 0 });
    if (told.detail === 'rebooted') publish('domain', 'reboot', { dom: subjectOf(domain) });
  });
}
