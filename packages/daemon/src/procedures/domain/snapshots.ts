// Snapshots of domains: found, listed, taken, reverted to and deleted.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary, Snapshot } from '@ctvirt/api';
import { type Engine, isFault } from '@ctvirt/engine';
import { type Bind, domainOf, type Session, toWireDomain } from '../session.js';
import { type FilterFlag, filtered, listed } from '../words/list-flags.js';
import { checkFlags, refusal } from '../words/refusal.js';
import {
  checkRedefined,
  formatSnapshot,
  readSnapshot,
  requestOf,
  type SnapshotDocument,
} from './snapshot-document.js';

const createFlags = {
  redefine: 1,
  current: 2,
  halt: 8,
  diskOnly: 16,
  quiesce: 64,
  atomic: 128,
  live: 256,
  validate: 512,
} as const;
const revertFlags = { running: 1, paused: 2, force: 4 } as const;
const deleteFlags = { children: 1, metadataOnly: 2, childrenOnly: 4 } as const;
/** Of a list the roots alone, of children all that come from them. */
const depthFlag = 1;
const topologicalFlag = 1024;
const secureFlag = 1;

const always = (): boolean => true;
const never = (): boolean => false;

/** virDomainSnapshotListFlags. */
const listFilters: readonly (readonly FilterFlag<Snapshot>[])[] = [
  [
    [2, always],
    [16, never],
  ],
  [
    [4, ({ children }) => children === 0],
    [8, ({ children }) => children > 0],
  ],
  [
    [32, ({ state }) => state === 'shutoff'],
    // None has what was in memory.
    [64, never],
    [128, ({ state }) => state !== 'shutoff'],
  ],
  [
    [256, always],
    [512, never],
  ],
];

const allOf = (flags: Readonly<Record<string, number>>): number =>
  Object.values(flags).reduce((sum, bit) => sum | bit, 0);
const knownListFlags = listFilters.flat().reduce((sum, [bit]) => sum | bit, depthFlag | topologicalFlag);

/** Those that come from one, or all, each after its parent. */
function descending(snapshots: readonly Snapshot[], from: string | null): Snapshot[] {
  return snapshots
    .filter(({ parent }) => parent === from)
    .flatMap((one) => [one, ...descending(snapshots, one.name)]);
}

/** Of all, or of those that come from one: all of these, or the first alone. */
function selected(snapshots: readonly Snapshot[], from: string | null, isDeep: boolean, flags: number) {
  const isOrdered = from !== null || (flags & topologicalFlag) !== 0;
  const deep = (): readonly Snapshot[] => (isOrdered ? descending(snapshots, from) : snapshots);
  const found = isDeep ? deep() : snapshots.filter(({ parent }) => parent === from);
  return filtered(found, flags, listFilters);
}

const namesOf = (snapshots: readonly Snapshot[], most: number): { names: string[] } => ({
  names: snapshots.map(({ name }) => name).slice(0, Math.max(0, most)),
});

function told(
  { domain, found }: { readonly domain: DomainSummary; readonly found: Snapshot[] },
  needResults: number,
) {
  const { items, ret } = listed(found, needResults);
  return { snapshots: items.map(({ name }) => ({ name, dom: toWireDomain(domain) })), ret };
}

interface WireSnapshot {
  readonly name: string;
  readonly dom: { readonly uuid: string };
}

/** The snapshots of a call's domain, and the one it names. */
function findingSnapshots(engine: Engine) {
  const named = (uuid: string, name: string): Snapshot => {
    try {
      return engine.snapshots.get(uuid, name);
    } catch (error) {
      if (!isFault(error, 'not-found')) throw error;
      throw refusal('noDomainSnapshot', 'domainSnapshot', `no domain snapshot with matching name '${name}'`);
    }
  };
  return {
    named,
    find(session: Session, { name, dom }: WireSnapshot) {
      const domain = domainOf(engine, session, dom);
      return { domain, uuid: domain.uuid, snapshot: named(domain.uuid, name) };
    },
    ofDomain(session: Session, dom: { uuid: string }, flags: number, procedure: string) {
      checkFlags(flags, knownListFlags, procedure);
      const domain = domainOf(engine, session, dom);
      const found = selected(engine.snapshots.list(domain.uuid), null, (flags & depthFlag) === 0, flags);
      return { domain, found };
    },
    below(session: Session, { name, dom }: WireSnapshot, flags: number, procedure: string) {
      checkFlags(flags, knownListFlags, procedure);
      const domain = domainOf(engine, session, dom);
      named(domain.uuid, name);
      const found = selected(engine.snapshots.list(domain.uuid), name, (flags & depthFlag) !== 0, flags);
      return { domain, found };
    },
  };
}

/** What is told of them; all of it is in the daemon's memory but the domain's document. */
const bindLooks: Bind = ({ engine }) => {
  const { find, named, ofDomain, below } = findingSnapshots(engine);
  const currentOf = (uuid: string): Snapshot => {
    const current = engine.snapshots.current(uuid);
    if (current !== undefined) return current;
    throw refusal('noDomainSnapshot', 'domainSnapshot', 'the domain does not have a current snapshot');
  };

  return {
    domainListAllSnapshots: ({ dom, needResults, flags }, { session, name }) =>
      told(ofDomain(session, dom, flags, name), needResults),
    domainSnapshotNum: ({ dom, flags }, { session, name }) => ({
      num: ofDomain(session, dom, flags, name).found.length,
    }),
    domainSnapshotListNames: ({ dom, maxnames, flags }, { session, name }) =>
      namesOf(ofDomain(session, dom, flags, name).found, maxnames),
    domainSnapshotListAllChildren: ({ snapshot, needResults, flags }, { session, name }) =>
      told(below(session, snapshot, flags, name), needResults),
    domainSnapshotNumChildren: ({ snap, flags }, { session, name }) => ({
      num: below(session, snap, flags, name).found.length,
    }),
    domainSnapshotListChildrenNames: ({ snap, maxnames, flags }, { session, name }) =>
      namesOf(below(session, snap, flags, name).found, maxnames),
    domainSnapshotLookupByName({ dom, name: wanted, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const domain = domainOf(engine, session, dom);
      return { snap: { name: named(domain.uuid, wanted).name, dom: toWireDomain(domain) } };
    },
    domainHasCurrentSnapshot({ dom, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      return { result: engine.snapshots.current(domainOf(engine, session, dom).uuid) === undefined ? 0 : 1 };
    },
    domainSnapshotCurrent({ dom, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const domain = domainOf(engine, session, dom);
      return { snap: { name: currentOf(domain.uuid).name, dom: toWireDomain(domain) } };
    },
    domainSnapshotGetParent({ snap, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const { domain, snapshot } = find(session, snap);
      const { parent } = snapshot;
      if (parent === null)
        throw refusal(
          'noDomainSnapshot',
          'domainSnapshot',
          `snapshot '${snapshot.name}' does not have a parent`,
        );
      return { snap: { name: parent, dom: toWireDomain(domain) } };
    },
    domainSnapshotIsCurrent({ snap, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      return { current: find(session, snap).snapshot.isCurrent ? 1 : 0 };
    },
    domainSnapshotHasMetadata({ snap, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      find(session, snap);
      return { metadata: 1 };
    },
    async domainSnapshotGetXmlDesc({ snap, flags }, { session, name }) {
      checkFlags(flags, secureFlag, name);
      const { uuid, snapshot } = find(session, snap);
      return { xml: formatSnapshot(snapshot, await engine.snapshots.xml(uuid, snapshot.name)) };
    },
  };
};

/** What libvirt wishes for and a container has no use for is accepted where it is so anyway, else refused. */
const bindChanges: Bind = ({ engine }) => {
  const { find, named } = findingSnapshots(engine);
  const redefine = async (uuid: string, document: SnapshotDocument, flags: number): Promise<Snapshot> => {
    const { name, description } = document;
    if (name === undefined)
      throw refusal('xmlError', 'domainSnapshot', 'a snapshot that is redefined has a name');
    const snapshot = named(uuid, name);
    checkRedefined(snapshot, document);
    if ((flags & createFlags.current) !== 0 && !snapshot.isCurrent)
      throw refusal(
        'operationUnsupported',
        'domainSnapshot',
        `'${name}' becomes the current snapshot when the domain is reverted to it`,
      );
    return await engine.snapshots.describe(uuid, name, description ?? null);
  };

  return {
    async domainSnapshotCreateXml({ dom, xmlDesc, flags }, { session, name }) {
      checkFlags(flags, allOf(createFlags), name);
      const domain = domainOf(engine, session, dom);
      const { uuid } = domain;
      const document = readSnapshot(xmlDesc, { strict: (flags & createFlags.validate) !== 0 });
      const isThere = (flags & createFlags.redefine) !== 0;
      const made = isThere
        ? await redefine(uuid, document, flags)
        : await engine.snapshots.create(uuid, requestOf(document));
      if ((flags & createFlags.halt) !== 0 && !isThere && domain.id !== null) await engine.destroy(uuid);
      return { snap: { name: made.name, dom: toWireDomain(engine.summary(uuid)) } };
    },
    async domainRevertToSnapshot({ snap, flags }, { session, name }) {
      checkFlags(flags, allOf(revertFlags), name);
      const isRunning = (flags & revertFlags.running) !== 0;
      const isPaused = (flags & revertFlags.paused) !== 0;
      if (isRunning && isPaused)
        throw refusal('invalidArg', 'domainSnapshot', 'running and paused flags are mutually exclusive');
      const { uuid, snapshot } = find(session, snap);
      const state = isRunning ? 'running' : 'paused';
      await engine.snapshots.revert(uuid, snapshot.name, isRunning || isPaused ? { state } : {});
    },
    async domainSnapshotDelete({ snap, flags }, { session, name }) {
      checkFlags(flags, allOf(deleteFlags), name);
      if ((flags & deleteFlags.metadataOnly) !== 0)
        throw refusal(
          'argumentUnsupported',
          'domainSnapshot',
          'a snapshot cannot be forgotten without deleting it',
        );
      const isOnly = (flags & deleteFlags.childrenOnly) !== 0;
      const isWith = (flags & deleteFlags.children) !== 0;
      if (isOnly && isWith)
        throw refusal('invalidArg', 'domainSnapshot', 'children and children only are mutually exclusive');
      const { uuid, snapshot } = find(session, snap);
      await engine.snapshots.delete(
        uuid,
        snapshot.name,
        isOnly ? { children: 'only' } : isWith ? { children: 'with' } : {},
      );
    },
  };
};

/** All that libvirt's clients ask of snapshots. */
export const bindSnapshots: Bind = (binding) => ({ ...bindLooks(binding), ...bindChanges(binding) });
