// Moves what a domain has on disk, and keeps what a kill before each of its steps would have left: `node copied-store.js ROOT OPERATION COPIES`.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const [root = '', operation = '', copies = ''] = process.argv.slice(2);
let steps = 0;
for (const [calls, suffix] of [
  [promises, ''],
  [fs, 'Sync'],
] as const)
  for (const step of ['rename', 'mkdtemp', 'open', 'unlink', 'rmdir']) {
    const name = `${step}${suffix}`;
    const real: unknown = Reflect.get(calls, name);
    if (typeof real !== 'function') throw new Error(`there is no ${name}`);
    Reflect.set(calls, name, (...given: unknown[]): unknown => {
      execFileSync('/bin/cp', ['-a', root, join(copies, String(steps++))]);
      return Reflect.apply(real, calls, given);
    });
  }
syncBuiltinESMExports();
// Imported now, for they take the calls as they are when they are read.
const { Roots } = await import('../domains/roots.js');
const { IdRanges, privateWindow } = await import('../state/id-ranges.js');
const { layoutOf } = await import('../state/layout.js');
const { KeyedQueue } = await import('../state/queue.js');
const { DomainStore } = await import('../state/store.js');
const { movedDocuments, movedRecord } = await import('./moved-domain.js');

const store = new DomainStore(layoutOf(root));
const record = movedRecord('old');
if (operation === 'rename') {
  const failed = await store.rename('old', movedRecord('new'), movedDocuments('new'));
  if (failed !== undefined) throw failed;
} else if (operation === 'keep') {
  await store.keepRoot('old', undefined);
  await store.remove('old');
  await store.putAside('old');
} else {
  const kept = store.keptRoot(operation === 'restore' ? 'old~1' : 'gone~1');
  const ids = new IdRanges(privateWindow, () => []);
  const roots = new Roots({ store, ids, queue: new KeyedQueue(), log: () => undefined });
  const { record: next } = await roots.exchange(kept, record);
  await store.ownRoot(next, kept.lease);
}
