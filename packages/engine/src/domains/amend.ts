// Changes the document of a domain: the stored one, the running one and the run with it, or both.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSettings, SetResult } from '@ctvirt/api';
import { isLimiting, parametersOfProfile, type ResourceRow } from '@ctvirt/formats';
import type { Repositories } from '../backup/repositories.js';
import type { Engine } from '../contract.js';
import { notRunning } from '../errors.js';
import type { Facts } from '../host/facts.js';
import type { Lives } from '../life/lives.js';
import { beyondHost } from '../lifecycle/beyond-host.js';
import { diskObstacle } from '../lifecycle/disk-rows.js';
import { filesystemsOf, type HostFacts } from '../lifecycle/document.js';
import type { Edit } from '../lifecycle/edit.js';
import { beyondCounting, ownerEdit, rowsOf } from '../lifecycle/parameters.js';
import { hasEdit, settingsEdit } from '../lifecycle/settings.js';
import type { EngineLog } from '../log.js';
import type { Profiles } from '../profiles.js';
import type { Quotas } from '../quota/quotas.js';
import type { DomainEvents } from '../registry/events.js';
import { type Entry, summaryOf } from '../registry/registry.js';
import { isUntimed } from '../schedule/backups.js';
import { hasSchedule, withSchedule } from '../schedule/schedule.js';
import { type ChangeParts, changeLive } from './change.js';
import { credentialsOf, give } from './credentials.js';
import { refuseAutostart, setAutostart } from './define.js';
import { noteChange } from './life.js';
import { type LookParts, parametersOf } from './look.js';
import type { Turns } from './turns.js';

/** Dependencies of `amendOperations`. */
export interface AmendParts extends ChangeParts, Pick<LookParts, 'blockIo' | 'kept'> {
  readonly turns: Turns;
  readonly quotas: Quotas;
  readonly events: DomainEvents;
  readonly lives: Pick<Lives, 'note'>;
  readonly facts: HostFacts & Pick<Facts, 'memoryBytes'>;
  readonly log: EngineLog;
  readonly profiles: Pick<Profiles, 'get'>;
  readonly repositories: Pick<Repositories, 'find'>;
}

interface Targets {
  readonly live: boolean;
  readonly stored: boolean;
}

type OwnerValues = Parameters<Engine['setOwnerQuota']>[1];

/** The engine's operations that change documents. */
export function amendOperations(
  parts: AmendParts,
): Pick<Engine, 'amend' | 'set' | 'setParameters' | 'setOwnerQuota'> {
  const { turns } = parts;
  return {
    amend: (ref, targets, edit) => turns.take(ref, (entry) => amend(entry, targets, edit, parts)),
    set: (ref, settings, asked) => turns.take(ref, (entry) => set(entry, settings, asked, parts)),
    setParameters: (ref, values, asked) =>
      turns.take(ref, async (entry) => (await set(entry, { values }, asked, parts)).parameters),
    setOwnerQuota: (ref, values, asked) =>
      turns.take(ref, (entry) => setOwnerQuota(entry, values, asked, parts)),
  };
}

export async function amend(entry: Entry, targets: Targets, edit: Edit, parts: AmendParts): Promise<void> {
  const { definer, quotas, events, facts, log } = parts;
  const { live, stored: isStored } = targets;
  const { before, after } = live
    ? await changeLive(entry, { edit, isStored }, parts)
    : await definer.amend(entry, edit);
  if (live) quotas.lookLater(entry);
  events.changed(entry, live, before, after);
  const detail = [...(live ? ['live'] : []), ...(isStored ? ['config'] : [])].join(' ');
  noteChange(entry, { event: 'changed', detail }, { before, after }, parts);
  const { name } = entry.record;
  const had = new Set(beyondHost(before, facts).map(({ message }) => message));
  for (const { message } of beyondHost(after, facts))
    if (!had.has(message)) log('warn', `domain '${name}': ${message}`, { domain: name });
}

/** What it has besides its document comes last. */
async function set(
  entry: Entry,
  settings: DomainSettings,
  asked: Targets,
  parts: AmendParts,
): Promise<SetResult> {
  const { profile, autostart } = settings;
  const targets = targetsOf(entry, asked);
  const said = settings.values ?? {};
  const values =
    profile === undefined
      ? said
      : { ...parametersOfProfile((await parts.profiles.get(profile)).text, Object.keys(said)), ...said };
  if (autostart !== undefined) refuseAutostart(entry);
  const credentials = credentialsOf(settings);
  if (hasSchedule(settings)) withSchedule(await parts.documents.stored(entry), settings);
  const { backups, backupRepository } = settings;
  if (backupRepository !== undefined || (backups !== undefined && !isUntimed(backups)))
    parts.repositories.find(backupRepository);
  if (hasEdit(settings))
    await amend(entry, targets, settingsEdit({ ...settings, values }, parts.facts), parts);
  if (hasSchedule(settings)) await setSchedule(entry, settings, parts);
  if (credentials !== undefined) await give(entry, credentials, parts);
  if (autostart !== undefined) await setAutostart(entry, { autostart }, parts);
  const parameters = rowsOf(values, await parametersOf(entry, { inactive: !targets.live }, parts));
  await tellUnkept(entry, { rows: parameters, values }, targets, parts);
  return { domain: summaryOf(entry), parameters };
}

/** It is of the domain and not of a run: the stored document has it whatever else is changed of the running one alone. */
async function setSchedule(entry: Entry, words: DomainSettings, parts: AmendParts): Promise<void> {
  const targets = { live: entry.running !== undefined, stored: true };
  await amend(entry, targets, (domain) => withSchedule(domain, words), parts);
}

interface Asked {
  readonly values: Readonly<Record<string, string>>;
  /** What has become of them. */
  readonly rows: readonly ResourceRow[];
}

/** Asked for, it is told at once that nobody keeps it, or not yet. */
async function tellUnkept(
  entry: Entry,
  { rows, values }: Asked,
  { live }: Targets,
  { documents, quotas, log }: AmendParts,
): Promise<void> {
  const domain = await (live ? documents.live(entry) : documents.stored(entry));
  const { name } = entry.record;
  const recorded = rows.flatMap(({ key }) => {
    const why = diskObstacle(key, domain);
    return why === undefined ? [] : [`${key} is recorded alone: ${why}`];
  });
  const isSpace = rows.some(({ key }) => key === 'DISKSPACE');
  const overfull = isSpace ? await quotas.overfull(entry, filesystemsOf(domain)) : [];
  for (const remark of [...recorded, ...overfull, ...beyondCounting(values, rows)])
    log('warn', `domain '${name}': ${remark}`, { domain: name });
}

async function setOwnerQuota(entry: Entry, values: OwnerValues, asked: Targets, parts: AmendParts) {
  const { documents, quotas } = parts;
  const targets = targetsOf(entry, asked);
  const edit = ownerEdit(values);
  // Said in a document it is recorded; asked for, it is to be had or refused.
  const before = await (targets.live ? documents.live(entry) : documents.stored(entry));
  const after = filesystemsOf(edit(before, targets.live ? 'live' : 'stored'));
  if (isLimiting(values)) quotas.checkOwners(entry, after);
  await amend(entry, targets, edit, parts);
  return await quotas.report(entry);
}

/** Asked for neither, the running one if it runs. */
export function targetsOf({ running: run, record }: Entry, { live, stored }: Targets): Targets {
  if (live && run === undefined)
    throw notRunning(record.name, ': change its stored configuration alone (--config), or start it first');
  return live || stored ? { live, stored } : { live: run !== undefined, stored: run === undefined };
}
