// What a killed daemon left of snapshots and reverts: writers that are held, copies half-made, and reverts that were decided.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Domain } from '@ctvirt/xml';
import { removeWithVolumes } from '../host/volumes.js';
import { filesystemsOf } from '../lifecycle/document.js';
import type { EngineLog } from '../log.js';
import type { Entry, Registry } from '../registry/registry.js';
import type { Layout } from '../state/layout.js';
import type { KeyedQueue } from '../state/queue.js';
import type { SnapshotStore } from '../state/snapshot-store.js';
import type { DomainStore } from '../state/store.js';
import { backends, type KeptContext } from '../storage/index.js';
import { atMoment } from '../storage/moment.js';
import { ownOf } from './copying.js';
import { PART, type Reverter } from './reverter.js';

/** Dependencies of both. */
export interface RecoveryParts {
  readonly registry: Registry;
  readonly queue: KeyedQueue;
  readonly store: DomainStore;
  readonly snapshots: SnapshotStore;
  readonly reverter: Reverter;
  readonly layout: Layout;
  readonly kept: (entry: Entry) => KeptContext;
  readonly stored: (entry: Entry) => Promise<{ readonly domain: Domain }>;
  readonly log: EngineLog;
}

/** Before anything else: containers may hang. */
export async function clearCopies(parts: RecoveryParts): Promise<void> {
  for (const entry of parts.registry.entries()) {
    const root = parts.store.rootFolder(entry.record.name);
    if (!existsSync(root)) continue;
    try {
      if (parts.snapshots.isUnfinished(root)) {
        await letGo(entry, parts);
        for (const path of await parts.snapshots.recover(root))
          parts.log('warn', `removed ${path}, left by an interrupted snapshot`);
      }
      for (const name of readdirSync(root).filter((one) => one.startsWith(PART))) {
        await removeWithVolumes(join(root, name));
        parts.log('warn', `removed ${join(root, name)}, left by an interrupted revert`);
      }
    } catch (error) {
      complain(entry, error, parts);
    }
  }
}

async function letGo(entry: Entry, { stored, kept, layout, log }: RecoveryParts): Promise<void> {
  const { domain } = await stored(entry);
  await atMoment(layout.mounts, async (mounts) => {
    for (const spec of ownOf(filesystemsOf(domain)))
      if ((await backends[spec.kind].copies?.letGo(spec, { ...kept(entry), mounts })) === true)
        log(
          'warn',
          `domain '${entry.record.name}': its writes to '${spec.target}' were held by an interrupted snapshot, and go on`,
          { domain: entry.record.name },
        );
  });
}

/** Once it is known what runs. */
export async function finishReverts(parts: RecoveryParts): Promise<void> {
  const { registry, queue, reverter } = parts;
  for (const entry of registry.here())
    await queue
      .run(entry.record.name, () => reverter.finish(entry))
      .catch((error: unknown) => complain(entry, error, parts));
}

/** Once domains can be started: those that a revert had ended. */
export async function startReverted(parts: RecoveryParts): Promise<void> {
  const { registry, queue, reverter } = parts;
  for (const entry of registry.here())
    await queue
      .run(entry.record.name, () => reverter.settle(entry))
      .catch((error: unknown) => complain(entry, error, parts));
}

function complain({ record: { name } }: Entry, error: unknown, { log }: Pick<RecoveryParts, 'log'>): void {
  log('error', `domain '${name}': what was interrupted of its snapshots is left: ${String(error)}`, {
    domain: name,
  });
}
