// Snapshots as the doors see them, kept in memory: of no files, for tests of the doors alone.
// SPDX-License-Identifier: Apache-2.0
import type { Snapshot } from '@ctvirt/api';
import { type Engine, EngineError } from '@ctvirt/engine';

type Kept = Omit<Snapshot, 'isCurrent' | 'children'> & { readonly document: string };

/** What was asked of it last stands in the result: nothing is reverted. */
export function memorySnapshots(engine: Engine): Engine['snapshots'] {
  const all = new Map<string, { kept: Map<string, Kept>; current: string | undefined }>();
  const of = (ref: string) => {
    const { uuid } = engine.summary(ref);
    const found = all.get(uuid) ?? { kept: new Map<string, Kept>(), current: undefined };
    all.set(uuid, found);
    return found;
  };
  const keptOf = (ref: string, name: string): Kept => {
    const found = of(ref).kept.get(name);
    if (found === undefined) throw new EngineError('not-found', `there is no snapshot '${name}'`);
    return found;
  };
  const shown = (ref: string, { document: _, ...kept }: Kept): Snapshot => {
    const { kept: others, current } = of(ref);
    const children = [...others.values()].filter(({ parent }) => parent === kept.name).length;
    return { ...kept, isCurrent: kept.name === current, children };
  };
  const list = (ref: string) => [...of(ref).kept.values()].map((kept) => shown(ref, kept));
  const below = (ref: string, name: string): Snapshot[] =>
    list(ref)
      .filter(({ parent }) => parent === name)
      .flatMap((one) => [one, ...below(ref, one.name)]);
  return {
    list,
    get: (ref, name) => shown(ref, keptOf(ref, name)),
    occupied: async (ref, name) => keptOf(ref, name).name.length << 20,
    current: (ref) => list(ref).find(({ isCurrent }) => isCurrent),
    xml: async (ref, name) => keptOf(ref, name).document,
    async create(ref, { name, description, expiresAt } = {}) {
      const domain = of(ref);
      const own = name ?? `s${domain.kept.size + 1}`;
      if (domain.kept.has(own)) throw new EngineError('exists', `snapshot '${own}' already exists`);
      const { state } = engine.summary(ref);
      domain.kept.set(own, {
        name: own,
        description: description ?? null,
        createdAt: new Date(Date.UTC(2026, 10, 30, 12, 0, domain.kept.size)).toISOString(),
        parent: domain.current ?? null,
        state,
        frozenMs: state === 'running' ? 12.34 : null,
        expiresAt: expiresAt ?? null,
        by: 'request',
        outside: state === 'running' ? [{ target: '/srv', source: '/srv/data' }] : [],
        document: await engine.xml(ref, { inactive: true }),
      });
      domain.current = own;
      return shown(ref, keptOf(ref, own));
    },
    async revert(ref, name, { state } = {}) {
      of(ref).current = keptOf(ref, name).name;
      if (state === 'shutoff' && engine.summary(ref).id !== null) await engine.destroy(ref);
      if (state === 'running' && engine.summary(ref).id === null) await engine.start(ref);
      return engine.summary(ref);
    },
    async delete(ref, name, { children } = {}) {
      const { kept } = of(ref);
      const own = shown(ref, keptOf(ref, name));
      const gone = children === undefined ? [] : below(ref, name);
      if (children !== 'only') gone.unshift(own);
      for (const one of gone) kept.delete(one.name);
      for (const [key, one] of kept)
        if (one.parent === name && !kept.has(name)) kept.set(key, { ...one, parent: own.parent });
      return gone;
    },
    async describe(ref, name, description) {
      of(ref).kept.set(name, { ...keptOf(ref, name), description });
      return shown(ref, keptOf(ref, name));
    },
    async diff(ref, name, { against } = {}) {
      keptOf(ref, name);
      if (against !== undefined) keptOf(ref, against);
      return [
        { change: 'added', path: '/srv/new', kind: 'folder' },
        { change: 'changed', path: '/etc/motd', kind: 'file' },
        { change: 'removed', path: '/etc/old', kind: 'link' },
      ];
    },
  };
}
