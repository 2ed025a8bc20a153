// Changes the document of a running domain, and the run with it.
// SPDX-License-Identifier: Apache-2.0
import { formatDomain } from '@ctvirt/xml';
import type { Driver } from '../drivers/driver.js';
import type { Admission } from '../guarantees/admission.js';
import { asksMore } from '../guarantees/ledger.js';
import { Undo } from '../host/undo.js';
import { claimOf } from '../lifecycle/claim.js';
import { addressesOf, type HostFacts, type Reader, shownOf } from '../lifecycle/document.js';
import type { Changed, Edit } from '../lifecycle/edit.js';
import type { Documents } from '../registry/documents.js';
import type { Entry, Registry } from '../registry/registry.js';
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
  const { documents, admission, reader, facts, definer, registry, driver } = parts;
  if (isStored && !entry.record.persistent) throw transient();
  const before = driver.named(entry, await documents.live(entry));
  const after = driver.named(entry, edit(before));
  const { claim } = await reader.checkChange({ before, after });
  // Who is promised no more than before need not be let in again.
  const isMore = asksMore(claim, claimOf(before, facts));
  using _admitted = isMore ? await admission.beside(claim) : undefined;
  await using undo = new Undo();
  const held = entry.liveAddresses;
  registry.hold(entry, [...new Set([...held, ...addressesOf(after)])]);
  undo.push(() => registry.hold(entry, held));
  undo.push(() => documents.withdraw(entry));
  documents.propose(entry, formatDomain(after));
  const commit = async (): Promise<void> => {
    if (isStored) await definer.amend(entry, edit);
    documents.accept(entry, after);
    registry.hold(entry, addressesOf(after));
    entry.shown = shownOf(after);
  };
  await driver.change(entry, { before, after, commit });
  undo.keep();
  return { before, after };
}

/** Takes back what a killed daemon had begun to change; answers whether it had. */
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
