// The engine's events as libvirt's: one row for each, numbered as clients know them.
// SPDX-License-Identifier: Apache-2.0
import type { Engine, LifecycleEvent } from '@ctvirt/engine';
import type { RpcServer } from '@ctvirt/rpc';
import { type Session, toWireDomain } from './session.js';

/** virDomainEventType, and each one's details by the engine's word; others are 0. */
const lifecycle = {
  defined: { event: 0, details: { added: 0, updated: 1 } },
  undefined: { event: 1, details: { removed: 0 } },
  started: { event: 2, details: { booted: 0 } },
  suspended: { event: 3, details: { paused: 0 } },
  resumed: { event: 4, details: { unpaused: 0 } },
  stopped: { event: 5, details: { shutdown: 0, destroyed: 1, crashed: 2, failed: 5 } },
  shutdown: { event: 6, details: { finished: 0, guest: 1, host: 2 } },
} as const satisfies Record<
  LifecycleEvent['event'],
  { event: number; details: Readonly<Record<string, number>> }
>;

/** Tells clients of every event from now on; the result ends that. */
export function publishEvents(engine: Engine, server: RpcServer<Session>): () => void {
  return engine.onEvent(({ event, detail, domain }) => {
    // libvirt has no word for what a domain was refused.
    if (event === 'beancounter') return;
    const row = lifecycle[event];
    const details: Readonly<Record<string, number>> = row.details;
    server.publish('domain', 'lifecycle', {
      dom: toWireDomain(domain),
      event: row.event,
      detail: details[detail] ?? 0,
    });
    if (detail === 'rebooted') server.publish('domain', 'reboot', { dom: toWireDomain(domain) });
  });
}
