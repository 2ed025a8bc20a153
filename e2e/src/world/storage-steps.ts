// What is done with a whole domain: what each operation needs before, and what may be there afterwards.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { isWholeArchive, type Pair, rootOf, type Seen } from './pair.js';
import type { World } from './world.js';

/** Whom it is about, and who has it. */
export interface Subject {
  readonly pair: Pair;
  readonly name: string;
  readonly keeper: World;
  /** The number of this round, for names. */
  readonly round: number;
}

export interface StorageStep {
  /** States in which it can be done. */
  readonly from: readonly string[];
  /** The state after it, from the one before. */
  readonly leads?: (state: string) => string;
  /** What has to be there before. */
  readonly prepare?: (subject: Subject) => Promise<void>;
  readonly run: (subject: Subject) => Promise<unknown>;
  /** The domain that it makes. */
  readonly makes?: string;
  /** Whether it takes the domain back to what it had written before. */
  readonly goesBack?: boolean;
  /** Names of snapshots that there are after it, from those before. */
  readonly snapshots?: (before: readonly string[], subject: Subject) => readonly (readonly string[])[];
  /** What is true afterwards beside that; `isDone` as far as it was answered. */
  readonly check?: (subject: Subject, seen: Seen, isDone: boolean) => Promise<void>;
}

const any = ['running', 'paused', 'shutoff'];
const archive = ({ keeper, name }: Subject): string => `${keeper.host}/${name}.ctvirt.tar.zst`;
const source = ({ keeper, name }: Subject): string => `${keeper.host}/source-${name}.ctvirt.tar.zst`;
const snapshotOf = ({ round }: Subject): string => `s${round}`;

export const steps: Readonly<Record<string, StorageStep>> = {
  snapshot: {
    from: any,
    prepare: async ({ keeper, name }) => await keepSnapshots(keeper, name, 2),
    run: (subject) =>
      subject.keeper.client.snapshots.create({
        domain: subject.name,
        body: { name: snapshotOf(subject) },
      }),
    snapshots: (before, subject) => [before, [...before, snapshotOf(subject)]],
  },
  revert: {
    from: any,
    leads: (state) => (state === 'shutoff' ? state : 'running'),
    prepare: async (subject) => {
      const { keeper, name } = subject;
      if ((await lastingOf(keeper, name)).length === 0)
        await keeper.client.snapshots.create({ domain: name, body: { name: 'first' } });
    },
    run: async ({ keeper, name }) => {
      const [snapshot = assert.fail('no snapshot')] = await lastingOf(keeper, name);
      return await keeper.client.snapshots.revert({ domain: name, snapshot, body: {} });
    },
    goesBack: true,
    snapshots: (before) => [before, [...new Set([...before, 'before-revert'])]],
  },
  clone: {
    from: any,
    makes: 'copy',
    run: ({ keeper, name }) => keeper.client.archives.clone({ domain: name, body: { name: 'copy' } }),
  },
  export: {
    from: any,
    prepare: async (subject) => await rm(archive(subject), { force: true }),
    run: (subject) =>
      subject.keeper.client.archives.write({ domain: subject.name, body: { target: archive(subject) } }),
    check: async (subject, _seen, isDone) => {
      const path = archive(subject);
      if (isDone || existsSync(path)) assert.ok(await isWholeArchive(path), `${path} is not whole`);
      const beside = readdirSync(subject.keeper.host).filter((name) => name.startsWith('.'));
      assert.deepEqual(beside, [], 'parts beside the archive');
    },
  },
  import: {
    from: ['running', 'shutoff'],
    makes: 'back',
    prepare: async (subject) => {
      const target = source(subject);
      if (!existsSync(target))
        await subject.keeper.client.archives.write({ domain: subject.name, body: { target } });
    },
    run: (subject) =>
      subject.keeper.client.archives.import({
        body: { source: source(subject), name: 'back', newIds: true },
      }),
  },
  backup: {
    from: any,
    run: ({ keeper, name }) => keeper.client.backups.create({ domain: name, body: {} }),
    check: async ({ keeper, name }) => {
      // The repository is nobody's any more.
      await keeper.client.backups.create({ domain: name, body: {} });
    },
  },
  restore: {
    from: ['running', 'shutoff'],
    makes: 'restored',
    prepare: async ({ keeper, name }) => {
      if ((await keeper.client.backups.list({ domain: name })).length === 0)
        await keeper.client.backups.create({ domain: name, body: {} });
    },
    run: ({ keeper, name }) => keeper.client.backups.restore({ body: { domain: name, name: 'restored' } }),
    check: async ({ keeper }) => void (await keeper.client.backups.list({})),
  },
  replace: {
    from: ['shutoff'],
    prepare: async ({ keeper, name }) => {
      if ((await keeper.client.backups.list({ domain: name })).length === 0)
        await keeper.client.backups.create({ domain: name, body: {} });
    },
    run: ({ keeper, name }) => keeper.client.backups.restore({ body: { domain: name } }),
    goesBack: true,
    // They are kept with the files that they are of.
    snapshots: (before) => [before, []],
    check: async ({ keeper, name }) => {
      // What was there before is kept, or what was to come.
      const { roots } = keeper.client;
      for (const root of await roots.list())
        if (root.name.startsWith(`${name}~`)) await roots.erase({ root: root.name });
    },
  },
  move: {
    from: ['running', 'shutoff'],
    prepare: async ({ keeper, name }) => await keepSnapshots(keeper, name, 1),
    run: ({ pair, keeper, name }) =>
      keeper.client.domains.move({ domain: name, body: { to: pair.otherThan(keeper).uri('ctvirt') } }),
    check: async ({ pair, keeper, name }, seen, isDone) => {
      if (isDone) assert.equal(seen.keeper, pair.otherThan(keeper), 'it was answered that it has gone');
      assert.ok(!existsSync(rootOf(pair.otherThan(seen.keeper), name)), 'files of it lie at both');
    },
  },
};

/** What a domain was before a revert goes by itself when it has started. */
export const isLasting = (snapshot: string): boolean => snapshot !== 'before-revert';

async function lastingOf(world: World, domain: string): Promise<string[]> {
  return (await world.client.snapshots.list({ domain })).map(({ name }) => name).filter(isLasting);
}

async function keepSnapshots(world: World, domain: string, count: number): Promise<void> {
  const all = await lastingOf(world, domain);
  for (const snapshot of all.slice(0, Math.max(0, all.length - count)))
    await world.client.snapshots.delete({ domain, snapshot });
}
