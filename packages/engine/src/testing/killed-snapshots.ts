// Takes, deletes or reverts to a snapshot and is killed before one of its steps: `node killed-snapshots.js ROOT OPERATION STEP`.
// SPDX-License-Identifier: Apache-2.0
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [root = '', operation = '', step = ''] = process.argv.slice(2);
let left = Number.POSITIVE_INFINITY;
for (const [calls, suffix] of [
  [promises, ''],
  [fs, 'Sync'],
] as const)
  for (const step of ['rename', 'mkdtemp', 'mkdir', 'open', 'unlink', 'rmdir']) {
    const name = `${step}${suffix}`;
    const real: unknown = Reflect.get(calls, name);
    if (typeof real !== 'function') throw new Error(`there is no ${name}`);
    Reflect.set(calls, name, (...given: unknown[]): unknown => {
      if (left-- === 0) process.kill(process.pid, 'SIGKILL');
      return Reflect.apply(real, calls, given);
    });
  }
syncBuiltinESMExports();
// Imported now, for they take the calls as they are when they are read.
const { MemoryDriver } = await import('../drivers/memory/driver.js');
const { layoutOf } = await import('../state/layout.js');
const { documentPathIn, openMemoryEngine } = await import('./memory-engine.js');

const layout = layoutOf(root);
const { engine } = await openMemoryEngine(layout, new MemoryDriver({ documentPath: documentPathIn(layout) }));
if (operation === 'revert-running') await engine.start('a');
left = Number(step);
if (operation === 'create') await engine.snapshots.create('a', { name: 'y' });
else if (operation === 'delete') await engine.snapshots.delete('a', 'x');
else await engine.snapshots.revert('a', 'x');
left = Number.POSITIVE_INFINITY;
await engine.close();
