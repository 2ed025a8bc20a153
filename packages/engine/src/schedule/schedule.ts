// What is done of a domain at fixed times, by its document: one element of ours in the metadata.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, escapeAttribute, metadataAttributes, withMetadataElement } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
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
}

/** Whether anything is done. */
export const isScheduled = ({ snapshots }: Schedule): boolean => snapshots !== undefined;

/** Whether it is what a record has. */
export function isSchedule(value: unknown): value is Schedule {
  if (typeof value !== 'object' || value === null) return false;
  if (!('snapshots' in value)) return true;
  const { snapshots } = value;
  return typeof snapshots === 'object' && snapshots !== null && 'when' in snapshots;
}

/** The words of `create` and `set`; `never` takes away. */
export interface ScheduleWords {
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
const NEVER = 'never';

/** Of a document; throws `invalid` for one that cannot be obeyed, whoever wrote it. */
export function scheduleOf({ metadata }: Pick<Domain, 'metadata'>): Schedule {
  const attributes = metadataAttributes(metadata, uri);
  if (attributes === undefined) return {};
  const known: readonly string[] = Object.values(names);
  const strange = Object.keys(attributes).find((name) => !known.includes(name));
  if (strange !== undefined)
    throw new EngineError(
      'invalid',
      `the schedule in the metadata has '${strange}': it may have ${known.join(', ')}`,
    );
  const {
    [names.when]: when,
    [names.pattern]: pattern,
    [names.expiry]: expiry,
    [names.stopped]: stopped,
  } = attributes;
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
  return { snapshots };
}

const noTimes = (): EngineError =>
  new EngineError('invalid', 'the snapshots have no times yet: --snapshots gives them, such as @daily');

function check({ when, pattern, expiry }: SnapshotSchedule): void {
  checkWhen(when);
  if (pattern !== undefined) checkPattern(pattern);
  if (expiry !== undefined) spanMs(expiry);
}

/** Whether anything is said of it. */
export const hasSchedule = ({
  snapshots,
  snapshotPattern,
  snapshotExpiry,
  snapshotStopped,
}: ScheduleWords): boolean =>
  [snapshots, snapshotPattern, snapshotExpiry, snapshotStopped].some((word) => word !== undefined);

/** The document with what the words say, and the rest of it as before; throws `invalid` for what cannot be. */
export function withSchedule(domain: Domain, words: ScheduleWords): Domain {
  if (!hasSchedule(words)) return domain;
  const snapshots = snapshotsOf(scheduleOf(domain).snapshots, words);
  const { metadata: before, ...rest } = domain;
  const metadata = withMetadataElement(before, uri, snapshots && elementOf(snapshots));
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

function elementOf({ when, pattern, expiry, stopped }: SnapshotSchedule): string {
  const said = [
    [names.when, when],
    [names.pattern, pattern],
    [names.expiry, expiry],
    [names.stopped, stopped === false ? 'no' : undefined],
  ] as const;
  const attributes = said.map(([name, value]) =>
    value === undefined ? '' : ` ${name}="${escapeAttribute(value)}"`,
  );
  return `<ctvirt:schedule xmlns:ctvirt="${uri}"${attributes.join('')}/>`;
}
