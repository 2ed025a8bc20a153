// What is done of a domain at fixed times, by its document: one element of ours in the metadata.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, escapeAttribute, metadataAttributes, withMetadataElement } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import {
  attributesOf,
  type BackupSchedule,
  type BackupWords,
  backupAttributes,
  backupsAfter,
  backupsIn,
  NEVER,
} from './backups.js';
import { checkPattern, checkWhen, spanMs } from './times.js';

/** Its snapshots; all but the times may be missing. */
export interface SnapshotSchedule {
  readonly when: string;
  readonly pattern?: string;
  readonly expiry?: string;
  /** False where none are made while it is off. */
  readonly stopped?: boolean;
}

/** What is done at fixed times, as a record has it. */
export interface Schedule {
  readonly snapshots?: SnapshotSchedule;
  readonly backups?: BackupSchedule;
}

/** Whether anything is said. */
export const isScheduled = ({ snapshots, backups }: Schedule): boolean =>
  snapshots !== undefined || backups !== undefined;

/** Whether it is what a record has. */
export function isSchedule(value: unknown): value is Schedule {
  if (typeof value !== 'object' || value === null) return false;
  const hasTimes = (one: unknown): boolean => typeof one === 'object' && one !== null && 'when' in one;
  return (
    (!('snapshots' in value) || hasTimes(value.snapshots)) &&
    (!('backups' in value) || hasTimes(value.backups))
  );
}

/** The words of `create` and `set`; `never` takes away. */
export interface ScheduleWords extends BackupWords {
  readonly snapshots?: string | undefined;
  readonly snapshotPattern?: string | undefined;
  readonly snapshotExpiry?: string | undefined;
  readonly snapshotStopped?: boolean | undefined;
}

const uri = 'urn:ctvirt:schedule:1';
const names = {
  when: 'snapshots',
  pattern: 'snapshot-pattern',
  expiry: 'snapshot-expiry',
  stopped: 'snapshot-stopped',
} as const;

/** Of a document; throws `invalid` for one that cannot be obeyed, whoever wrote it. */
export function scheduleOf({ metadata }: Pick<Domain, 'metadata'>): Schedule {
  const attributes = metadataAttributes(metadata, uri);
  if (attributes === undefined) return {};
  const known: readonly string[] = [...Object.values(names), ...backupAttributes];
  const strange = Object.keys(attributes).find((name) => !known.includes(name));
  if (strange !== undefined)
    throw new EngineError(
      'invalid',
      `the schedule in the metadata has '${strange}': it may have ${known.join(', ')}`,
    );
  const snapshots = snapshotsIn(attributes);
  const backups = backupsIn(attributes);
  if (snapshots === undefined && backups === undefined) throw noTimes();
  return { ...(snapshots && { snapshots }), ...(backups && { backups }) };
}

function snapshotsIn(attributes: Readonly<Record<string, string>>): SnapshotSchedule | undefined {
  const {
    [names.when]: when,
    [names.pattern]: pattern,
    [names.expiry]: expiry,
    [names.stopped]: stopped,
  } = attributes;
  if ([when, pattern, expiry, stopped].every((said) => said === undefined)) return undefined;
  if (stopped !== undefined && stopped !== 'yes' && stopped !== 'no')
    throw new EngineError('invalid', `${names.stopped} of the schedule is yes or no, not '${stopped}'`);
  if (when === undefined) throw noTimes();
  const snapshots = {
    when,
    ...(pattern !== undefined && { pattern }),
    ...(expiry !== undefined && { expiry }),
    ...(stopped === 'no' && { stopped: false }),
  };
  check(snapshots);
  return snapshots;
}

const noTimes = (): EngineError =>
  new EngineError('invalid', 'the snapshots have no times yet: --snapshots gives them, such as @daily');

function check({ when, pattern, expiry }: SnapshotSchedule): void {
  checkWhen(when);
  if (pattern !== undefined) checkPattern(pattern);
  if (expiry !== undefined) spanMs(expiry);
}

/** Whether anything is said of it. */
export const hasSchedule = (words: ScheduleWords): boolean => saysSnapshots(words) || saysBackups(words);

const saysSnapshots = ({
  snapshots,
  snapshotPattern,
  snapshotExpiry,
  snapshotStopped,
}: ScheduleWords): boolean =>
  [snapshots, snapshotPattern, snapshotExpiry, snapshotStopped].some((word) => word !== undefined);

const saysBackups = ({ backups, backupRepository, backupMounts, backupKeep }: BackupWords): boolean =>
  [backups, backupRepository, backupMounts, backupKeep].some((word) => word !== undefined);

/** The document with what the words say, and the rest of it as before; throws `invalid` for what cannot be. */
export function withSchedule(domain: Domain, words: ScheduleWords): Domain {
  if (!hasSchedule(words)) return domain;
  const known = scheduleOf(domain);
  const snapshots = saysSnapshots(words) ? snapshotsOf(known.snapshots, words) : known.snapshots;
  const backups = saysBackups(words) ? backupsAfter(known.backups, words) : known.backups;
  const { metadata: before, ...rest } = domain;
  const element = snapshots || backups ? elementOf(snapshots, backups) : undefined;
  const metadata = withMetadataElement(before, uri, element);
  return metadata === undefined ? rest : { ...rest, metadata };
}

function snapshotsOf(
  before: SnapshotSchedule | undefined,
  words: ScheduleWords,
): SnapshotSchedule | undefined {
  const { snapshots, snapshotPattern, snapshotExpiry, snapshotStopped } = words;
  if (snapshots === NEVER) return undefined;
  const when = snapshots ?? before?.when;
  if (when === undefined) throw noTimes();
  const pattern = snapshotPattern ?? before?.pattern;
  const expiry = snapshotExpiry ?? before?.expiry;
  const stopped = snapshotStopped ?? before?.stopped ?? true;
  const after = {
    when,
    ...(pattern !== undefined && { pattern }),
    ...(expiry !== undefined && expiry !== NEVER && { expiry }),
    ...(!stopped && { stopped }),
  };
  check(after);
  return after;
}

function elementOf(snapshots: SnapshotSchedule | undefined, backups: BackupSchedule | undefined): string {
  const said = {
    ...(snapshots && {
      [names.when]: snapshots.when,
      [names.pattern]: snapshots.pattern,
      [names.expiry]: snapshots.expiry,
      [names.stopped]: snapshots.stopped === false ? 'no' : undefined,
    }),
    ...(backups && attributesOf(backups)),
  };
  const attributes = Object.entries(said).map(([name, value]) =>
    value === undefined ? '' : ` ${name}="${escapeAttribute(value)}"`,
  );
  return `<ctvirt:schedule xmlns:ctvirt="${uri}"${attributes.join('')}/>`;
}
