// All domains in memory: their records and present states, found by name, UUID, id, CTID, address or port of the host.
// SPDX-License-Identifier: Apache-2.0
import type { DomainState, DomainSummary, StateReason } from '@ctvirt/api';
import { normalAddress } from '@ctvirt/xml';
import type { DomainKey } from '../contract.js';
import type { Run } from '../drivers/driver.js';
import { type Details, EngineError } from '../errors.js';
import { isPathIn } from '../host/paths.js';
import { sharedPorts } from '../network/port-forwards.js';
import type { PortForward } from '../networks/contract/plan.js';
import type { NamedIds } from '../state/id-ranges.js';
import { checkUnlike } from '../state/names.js';
import { type DomainRecord, type Held, leasedIn, type Shown } from '../state/record.js';

/** A domain and what it does now. Only the lifecycle changes it, one operation at a time. */
export interface Entry {
  record: DomainRecord;
  state: DomainState;
  reason: StateReason;
  running: Run | undefined;
  /** Whether that run has ended by itself, and what comes of it waits for its turn. */
  isOver: boolean;
  /** libvirt's id of its run; null when not running. */
  id: number | null;
  watch: Disposable | undefined;
  /** Of one that is coming or going name, UUID, CTID and addresses are taken, but it is not defined yet, or not any more. */
  presence: 'coming' | 'here' | 'going';
  /** The host that it was given to, which has not said yet that it has it: nothing is done with it here any more. */
  givenTo: string | undefined;
  /** What its run has, which its stored document need not have, or not any more. */
  held: Held;
  /** What the document of its run says of it, which the stored one need not say any more; undefined if it is off. */
  shown: Shown | undefined;
}

/** libvirt's protocol has ids of 31 bits; so OpenVZ's have no more either. */
export const HIGHEST_ID = 2 ** 31 - 1;

/** As many as there are pids: a run's own id and this are no other run's. */
const ID_STEP = 2 ** 22;

/** Of a domain that is off. */
export const nothingHeld: Held = { addresses: [] };

/** Indexes domains, and keeps names, UUIDs, CTIDs, ids, addresses and ports unique. */
export class Registry {
  readonly #byName = new Map<string, Entry>();
  readonly #byUuid = new Map<string, Entry>();
  readonly #byCtid = new Map<number, Entry>();
  readonly #byAddress = new Map<string, Entry>();
  /** Of definitions that are just being changed. */
  readonly #reserved = new Map<string, Entry>();
  readonly #reservedIds = new Map<Entry, NamedIds>();
  readonly #reservedPorts = new Map<Entry, readonly PortForward[]>();
  #told: (uuid: string, addresses: readonly string[]) => void = () => undefined;

  /** Who is told from now on which addresses a domain has. */
  tellAddresses(told: (uuid: string, addresses: readonly string[]) => void): void {
    this.#told = told;
  }

  *addresses(): Iterable<readonly [uuid: string, addresses: readonly string[]]> {
    for (const entry of this.#byName.values()) yield [entry.record.uuid, addressesOf(entry)];
  }

  /** Those that are defined. */
  here(): Entry[] {
    return [...this.#byName.values()].filter(({ presence }) => presence === 'here');
  }

  add(record: DomainRecord, state: DomainState, reason: StateReason): Entry {
    const entry: Entry = {
      record,
      state,
      reason,
      running: undefined,
      isOver: false,
      id: null,
      watch: undefined,
      presence: 'here',
      givenTo: undefined,
      held: nothingHeld,
      shown: undefined,
    };
    this.#index(entry);
    this.#tell(entry);
    return entry;
  }

  /** Puts a new record in the place of the entry's old one. */
  replace(entry: Entry, record: DomainRecord): void {
    this.#unindex(entry);
    entry.record = record;
    this.#index(entry);
    this.#tell(entry);
  }

  /** The domain runs, or runs no more. */
  setRun(entry: Entry, run: Run | undefined): void {
    entry.running = run;
    entry.isOver = false;
    entry.id = this.#idFor(entry);
    // A start is one of the stored document.
    entry.shown = run === undefined ? undefined : entry.record;
  }

  /** Keeps this for the domain beside what its record has, until told other things; refuses what another one has. */
  hold(entry: Entry, held: Held): void {
    this.checkAddresses(held.addresses, entry);
    this.checkForwards(held.forwards, entry);
    this.#checkDatasets(held.datasets, entry);
    this.#releaseAddresses(entry);
    entry.held = held;
    this.#takeAddresses(entry);
    this.#tell(entry);
  }

  /** Refuses a name or UUID, new ones of `own` if that is given, by which another one is found. */
  checkCalled(name: string, uuid: string | undefined, own?: Entry): void {
    if (uuid !== undefined) checkFree(`UUID ${uuid}`, this.byUuid(uuid), own);
    checkUnlike('domain', { name, uuid }, this.#records(), own?.record);
  }

  *#records(): Iterable<DomainRecord> {
    for (const { record } of this.#byName.values()) yield record;
  }

  checkAddresses(addresses: readonly string[], own: Entry | undefined): void {
    for (const address of addresses)
      for (const holder of [this.#byAddress.get(address), this.#reserved.get(address)])
        checkFree(`address ${address}`, holder, own, { address });
  }

  /** Refuses ports of the host that another one has, or is about to. */
  checkForwards(forwards: readonly PortForward[] | undefined, own: Entry | undefined): void {
    if (forwards === undefined || forwards.length === 0) return;
    for (const entry of this.#byName.values()) {
      if (entry === own) continue;
      for (const theirs of [
        entry.record.forwards,
        entry.held.forwards,
        this.#reservedPorts.get(entry),
      ].flat())
        for (const one of forwards) {
          const shared = theirs === undefined ? undefined : sharedPorts(one, theirs);
          if (shared !== undefined) checkFree(shared, entry, own);
        }
    }
  }

  /** Who has one has all that is in it. */
  #checkDatasets(datasets: readonly string[] = [], own: Entry): void {
    for (const entry of this.#byName.values())
      for (const theirs of entry === own ? [] : (entry.held.datasets ?? []))
        for (const one of datasets)
          if (isPathIn(one, theirs) || isPathIn(theirs, one)) checkFree(`dataset '${theirs}'`, entry, own);
  }

  /** Whether another one has it, or is about to. */
  isTaken(address: string, own: Entry | undefined): boolean {
    return [this.#byAddress.get(address), this.#reserved.get(address)].some(
      (holder) => holder !== undefined && holder !== own,
    );
  }

  /** Takes addresses, ports and ids for an entry whose record will have them; refuses an address or port that another one has. */
  reserve(entry: Entry, { addresses, forwards, mapped }: Held & Pick<DomainRecord, 'mapped'>): Disposable {
    this.checkAddresses(addresses, entry);
    this.checkForwards(forwards, entry);
    for (const address of addresses) this.#reserved.set(address, entry);
    if (mapped !== undefined) this.#reservedIds.set(entry, mapped);
    if (forwards !== undefined) this.#reservedPorts.set(entry, forwards);
    const release = (): void => {
      this.#reservedIds.delete(entry);
      this.#reservedPorts.delete(entry);
      for (const address of addresses)
        if (this.#reserved.get(address) === entry) this.#reserved.delete(address);
    };
    return { [Symbol.dispose]: release };
  }

  remove(entry: Entry): void {
    this.#unindex(entry);
    this.#told(entry.record.uuid, []);
  }

  entries(): Iterable<Entry> {
    return this.#byName.values();
  }

  get size(): number {
    return this.#byName.size;
  }

  byId(id: number): Entry | undefined {
    for (const entry of this.#byName.values()) if (entry.id === id) return entry;
    return undefined;
  }
  byKey(key: DomainKey): Entry | undefined {
    if ('id' in key) return this.byId(key.id);
    return 'name' in key ? this.byName(key.name) : this.byUuid(key.uuid);
  }
  byName(name: string): Entry | undefined {
    return this.#byName.get(name);
  }
  byUuid(uuid: string): Entry | undefined {
    return this.#byUuid.get(uuid);
  }
  byCtid(ctid: number): Entry | undefined {
    return this.#byCtid.get(ctid);
  }
  /** The domain that was adopted on the files at this path. */
  byFiles(path: string): Entry | undefined {
    for (const entry of this.#byName.values()) if (entry.record.adopted === path) return entry;
    return undefined;
  }

  /** Folders of the host that some domain may write to. */
  *writable(): Iterable<string> {
    for (const { record, shown } of this.#byName.values()) {
      yield* record.writable ?? [];
      yield* shown?.writable ?? [];
    }
  }

  /** Ids of the host that the maps of documents name: of stored ones, of those that run, and of those just being stored. */
  *mapped(): Iterable<readonly [owner: string, ids: NamedIds]> {
    for (const { record, shown } of this.#byName.values()) {
      if (record.mapped !== undefined) yield [record.name, record.mapped];
      if (shown?.mapped !== undefined) yield [record.name, shown.mapped];
    }
    for (const [entry, ids] of this.#reservedIds) yield [entry.record.name, ids];
  }

  /** By what a person calls it: a UUID is a UUID, a name comes before the id of a run, which is written without zeros before it. */
  find(ref: string): Entry {
    const found = this.lookFor(ref);
    if (found === undefined)
      throw new EngineError('not-found', `no domain has the name, UUID or id '${ref}'`, { ref });
    return found;
  }

  /** The same; undefined where there is none. */
  lookFor(ref: string): Entry | undefined {
    return (
      this.#byUuid.get(ref.toLowerCase()) ??
      this.#byName.get(ref) ??
      (/^[1-9]\d{0,9}$/.test(ref) ? this.byId(Number(ref)) : undefined)
    );
  }

  /** The lowest CTID from 101 on that no domain has. */
  freeCtid(): number {
    let ctid = 101;
    while (this.#byCtid.has(ctid)) ctid++;
    return ctid;
  }

  /** The CTID for openvz, as its driver has it; else the run's own: but never what another domain is called by. */
  #idFor(entry: Entry): number | null {
    if (entry.running === undefined) return null;
    const isOthers = (id: number): boolean =>
      [this.#byName.get(String(id)), this.#byCtid.get(id)].some(
        (other) => other !== undefined && other !== entry,
      );
    let id = entry.record.ctid ?? entry.running.id;
    while (id > HIGHEST_ID || isOthers(id) || this.#isIdOf(id, entry)) id = (id + ID_STEP) % HIGHEST_ID;
    return id;
  }

  #isIdOf(id: number, except: Entry): boolean {
    for (const other of this.#byName.values()) if (other !== except && other.id === id) return true;
    return false;
  }

  #tell(entry: Entry): void {
    this.#told(entry.record.uuid, addressesOf(entry));
  }

  #index(entry: Entry): void {
    const { record } = entry;
    this.#byName.set(record.name, entry);
    this.#byUuid.set(record.uuid, entry);
    if (record.ctid !== null) this.#byCtid.set(record.ctid, entry);
    this.#takeAddresses(entry);
    // What this one is called nobody else may be called by his id.
    for (const other of this.#byName.values())
      if (other.id === record.ctid || String(other.id) === record.name) other.id = this.#idFor(other);
  }

  #unindex(entry: Entry): void {
    const { record } = entry;
    this.#byName.delete(record.name);
    this.#byUuid.delete(record.uuid);
    if (record.ctid !== null) this.#byCtid.delete(record.ctid);
    this.#releaseAddresses(entry);
  }

  #takeAddresses(entry: Entry): void {
    for (const address of addressesOf(entry)) this.#byAddress.set(address, entry);
  }

  #releaseAddresses(entry: Entry): void {
    for (const address of addressesOf(entry))
      if (this.#byAddress.get(address) === entry) this.#byAddress.delete(address);
  }
}

/** Records of older versions have them as they were written. */
const addressesOf = ({ record, held }: Entry): string[] => [
  ...record.addresses.map(normalAddress),
  ...leasedIn(record),
  ...held.addresses,
];

/** Refuses what another domain than `own` has. */
export function checkFree(
  what: string,
  holder: Entry | undefined,
  own: Entry | undefined,
  about: Details['exists'] = {},
): void {
  if (holder === undefined || holder === own) return;
  throw new EngineError('exists', `${what} is in use by domain '${holder.record.name}'`, {
    ...about,
    holder: holder.record.name,
  });
}

/** Returns the summary of a domain. */
export function summaryOf(entry: Entry): DomainSummary {
  const { record, state, reason } = entry;
  const shown = entry.shown ?? record;
  const { title, hostname } = shown;
  return {
    id: entry.id,
    name: record.name,
    uuid: record.uuid,
    type: record.type,
    title,
    state,
    reason,
    autostart: record.autostart,
    ...(record.order !== undefined && { order: record.order }),
    ...(record.delaySeconds !== undefined && { delaySeconds: record.delaySeconds }),
    persistent: record.persistent,
    ctid: record.ctid,
    template: record.template,
    profile: record.profile,
    hostname,
    addresses: [...shown.addresses, ...leasedIn(shown)],
  };
}
