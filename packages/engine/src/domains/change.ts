// Changes the document of a running domain, and the run with it.
// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { type Domain, formatDomain } from '@ctvirt/xml';
import type { Driver } from '../drivers/driver.js';
import type { Admission } from '../guarantees/admission.js';
import { asksMore } from '../guarantees/ledger.js';
import { Undo } from '../host/undo.js';
import { claimOf } from '../lifecycle/claim.js';
import { type HostFacts, heldOf, type Reader, shownOfRun } from '../lifecycle/document.js';
import type { Changed, Edit } from '../lifecycle/edit.js';
import { leasesOf } from '../lifecycle/links.js';
import { isSameLink, mergedLeases } from '../networks/choice.js';
import type { NetworkLinks } from '../networks/links.js';
import type { Documents } from '../registry/documents.js';
import type { Entry, Registry } from '../registry/registry.js';
import { type DomainRecord, type Held, leasedIn } from '../state/record.js';
import type { DomainStore } from '../state/store.js';
import { type Definer, transient } from './definer.js';

/** Dependencies of `changeLive`. */
export interface ChangeParts {
  readonly registry: Registry;
  readonly driver: Driver;
  readonly documents: Documents;
  readonly definer: Definer;
  readonly reader: Reader;
  readonly facts: HostFacts;
  readonly admission: Admission;
  readonly networkLinks: NetworkLinks;
  readonly store: DomainStore;
}

/**
 * In a turn of the domain's queue; `isStored` changes the stored document too. It is done whole or not at all, and what a killed
 * daemon had begun, the next one takes back.
 */
export async function changeLive(
  entry: Entry,
  { edit, isStored }: { readonly edit: Edit; readonly isStored: boolean },
  parts: ChangeParts,
): Promise<Changed> {
  const { documents, admission, reader, facts, definer, registry, driver, networkLinks } = parts;
  if (isStored && !entry.record.persistent) throw transient();
  const before = driver.named(entry, await documents.live(entry));
  const edited = driver.named(entry, edit(before, 'live'));
  const areSame = isDeepStrictEqual(edited.devices.interfaces, before.devices.interfaces);
  const after = areSame ? edited : await networkLinks.place(entry, edited, before);
  const { claim } = await reader.checkChange({ before, after });
  // Who is promised no more than before need not be let in again.
  const isMore = asksMore(claim, claimOf(before, facts));
  using _admitted = isMore ? await admission.beside(claim) : undefined;
  await using undo = new Undo();
  const had = entry.record;
  const next = areSame ? had : await withLeasesOf(entry, after, parts);
  if (next !== had) {
    registry.replace(entry, next);
    undo.push(() => registry.replace(entry, { ...entry.record, ...leasesIn(had) }));
  }
  if (!areSame) {
    const { held } = entry;
    registry.hold(entry, both(held, heldOf(after)));
    undo.push(() => registry.hold(entry, held));
  }
  undo.push(() => documents.withdraw(entry));
  documents.propose(entry, formatDomain(after));
  if (!areSame) {
    undo.push(() => networkLinks.tell(entry, before));
    await networkLinks.tell(entry, after);
  }
  const commit = async (): Promise<void> => {
    if (isStored) await definer.amend(entry, edit);
    if (!areSame) await keepLeases(entry, after, had, parts);
    documents.accept(entry, after);
    if (!areSame) registry.hold(entry, heldOf(after));
    entry.shown = shownOfRun(after, entry.record);
  };
  await driver.change(entry, { before, after, commit });
  undo.keep();
  return { before, after };
}

/** What it has until the change is done or taken back. */
const both = (a: Held, b: Held): Held => ({
  addresses: [...new Set([...a.addresses, ...b.addresses])],
  forwards: [...(a.forwards ?? []), ...(b.forwards ?? [])],
  datasets: [...(a.datasets ?? []), ...(b.datasets ?? [])],
});

/** With what its links are given by networks beside what they have. */
async function withLeasesOf(
  entry: Entry,
  domain: Domain,
  { networkLinks, registry }: ChangeParts,
): Promise<DomainRecord> {
  const choose = await networkLinks.chooserFor(domain);
  const { record } = entry;
  const known = record.leases ?? [];
  const chosen = choose({ domain, record, own: entry });
  registry.checkAddresses(leasedIn({ leases: chosen }), entry);
  // Links that are there stay as they are.
  const added = chosen.filter((one) => !known.some((other) => isSameLink(one, other)));
  return added.length === 0 ? record : { ...record, leases: [...known, ...added] };
}

/** Those of links that are in neither of its documents any more are free again. */
async function keepLeases(
  entry: Entry,
  live: Domain,
  had: DomainRecord,
  { documents, registry, store }: ChangeParts,
): Promise<void> {
  const { record } = entry;
  const stored = await documents.stored(entry);
  const leases = mergedLeases(leasesOf(live, record), leasesOf(stored, record));
  if (isDeepStrictEqual(leases, had.leases ?? [])) return;
  const next = { ...record, leases };
  registry.replace(entry, next);
  await store.writeRecord(next);
}

const leasesIn = ({ leases }: DomainRecord): Pick<DomainRecord, 'leases'> => ({ leases: leases ?? [] });

/** Takes back what a killed daemon had begun to change; returns whether it had. */
export async function takeBack(
  entry: Entry,
  { documents, driver }: Pick<ChangeParts, 'documents' | 'driver'>,
): Promise<boolean> {
  const wanted = documents.proposed(entry);
  if (wanted === undefined) return false;
  await driver.restore(entry, wanted, driver.named(entry, await documents.live(entry)));
  documents.withdraw(entry);
  return true;
}
