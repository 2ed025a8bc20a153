// Which schema the state on disk has: what an earlier version wrote is brought forward once, and a copy of it is kept.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, cp, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.js';
import { makeFolder, readIfThere, removeTree, syncDirectory, writeAtomically } from '../host/files.js';
import type { EngineLog } from '../log.js';
import type { Layout } from './layout.js';

/** Brings the state from one schema to the next; may find it half done by a daemon that was killed. */
type Step = () => Promise<void>;

/**
 * The state has the schema of this version when this resolves: as many steps as there are, of which those are done that are due. What was
 * there before is kept in `before-schema-N`. State of a later version is refused, untouched.
 */
export async function bringForward(layout: Layout, steps: readonly Step[], log: EngineLog): Promise<void> {
  const path = join(layout.lib, 'schema');
  const current = steps.length;
  const written = await readIfThere(path);
  if (written === undefined && isEmpty(layout)) {
    // On a full disk the next daemon does; no step finds anything to do until then.
    await write(path, current).catch(() => undefined);
    return;
  }
  const found = written === undefined ? 0 : schemaIn(written, path);
  if (found > current)
    throw new EngineError(
      'unsupported',
      `${layout.lib} was written by a later ctvirt: its schema is ${found}, and this version knows ${current}. Install that version ` +
        `again, or put back what it kept in ${copyPath(layout, found)}`,
      { path: layout.lib },
    );
  if (found === current) return;
  const copy = copyPath(layout, current);
  await keepCopy(layout, copy);
  for (const step of steps.slice(found)) await step();
  await write(path, current);
  log(
    'info',
    `the state of an earlier version was brought to schema ${current}; it is kept as it was in ${copy}`,
  );
}

const write = (path: string, schema: number): Promise<void> => writeAtomically(path, `${schema}\n`);

const copyPath = ({ lib }: Layout, schema: number): string => join(lib, `before-schema-${schema}`);

function schemaIn(text: string, path: string): number {
  if (!/^\d{1,9}\n$/.test(text))
    throw new EngineError('internal', `${path} is damaged: it names no schema`, { path });
  return Number(text);
}

const isEmpty = ({ domains, networks, filters, roots }: Layout): boolean =>
  [domains, networks, filters, roots].every((folder) => readdirSync(folder).length === 0);

/** Documents, records and leases, not the files of domains, which no step changes. One that is there is of before a first try. */
async function keepCopy(layout: Layout, copy: string): Promise<void> {
  if (existsSync(copy)) return;
  const staging = `${copy}.new`;
  await removeTree(staging);
  await mkdir(staging, { mode: 0o700 });
  for (const name of ['domains', 'networks', 'filters'] as const)
    await cp(layout[name], join(staging, name), { recursive: true });
  await makeFolder(join(staging, 'roots'));
  for (const entry of readdirSync(layout.roots)) {
    const lease = join(layout.roots, entry, 'lease.json');
    if (!existsSync(lease)) continue;
    await makeFolder(join(staging, 'roots', entry));
    await copyFile(lease, join(staging, 'roots', entry, 'lease.json'));
  }
  await rename(staging, copy);
  await syncDirectory(layout.lib);
}
