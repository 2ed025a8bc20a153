// <domainsnapshot> as libvirt's clients read and write it.
// SPDX-License-Identifier: Apache-2.0
import type { Snapshot, SnapshotRequest } from '@ctvirt/api';
import { EngineError } from '@ctvirt/engine';
import { type DocumentModel, formatDocument, parseDocument } from '@ctvirt/xml';
import { refusal } from '../words/refusal.js';

/** As it is read. */
export type SnapshotDocument = DocumentModel<'domainsnapshot'>;

/** libvirt's word for one that has files, and nothing of what programs had in memory. */
const stateWord = ({ state }: Snapshot): string => (state === 'shutoff' ? 'shutoff' : 'disk-snapshot');
const secondsOf = ({ createdAt }: Snapshot): number => Math.floor(Date.parse(createdAt) / 1000);

const modelOf = (snapshot: Snapshot): SnapshotDocument => ({
  name: snapshot.name,
  ...(snapshot.description !== null && { description: snapshot.description }),
  state: stateWord(snapshot),
  ...(snapshot.parent !== null && { parent: { name: snapshot.parent } }),
  creationTime: secondsOf(snapshot),
  memory: { snapshot: 'no' },
});

/** Lists are this of each: so the domain's document is put in as it is stored, indented where no text of its own has a line. */
export function formatSnapshot(snapshot: Snapshot, domain: string): string {
  const lines = domain.trimEnd().split('\n');
  const isPlain = lines.every((line) => line.trimStart().startsWith('<'));
  const inside = lines.map((line) => (isPlain ? `  ${line}` : line)).join('\n');
  const end = '</domainsnapshot>';
  const [head = ''] = formatDocument('domainsnapshot', modelOf(snapshot)).split(end);
  return `${head}${inside}\n${end}\n`;
}

/** Throws EngineError `invalid` with the findings. */
export function readSnapshot(xml: string, { strict }: { readonly strict: boolean }): SnapshotDocument {
  const { model, findings } = parseDocument('domainsnapshot', xml, { strict });
  if (model === undefined) {
    const why = findings.find(({ severity }) => severity === 'error')?.message ?? 'it is no snapshot';
    throw new EngineError('invalid', `the document of a snapshot cannot be used: ${why}`, { findings });
  }
  return model;
}

/** What is asked for by a document; a container has no disks to choose from, and no memory that could be kept. */
export function requestOf({ name, description, disks, memory }: SnapshotDocument): SnapshotRequest {
  if ((disks?.disks ?? []).length > 0)
    throw refusal('configUnsupported', 'domainSnapshot', 'configuring disks is not supported');
  if (memory?.snapshot !== undefined && memory.snapshot !== 'no')
    throw refusal('configUnsupported', 'domainSnapshot', 'saving memory state is not supported');
  return { ...(name !== undefined && { name }), ...(description !== undefined && { description }) };
}

/** Refuses a document of a snapshot that is there where it says more than another description. */
export function checkRedefined(snapshot: Snapshot, document: SnapshotDocument): void {
  const { state, parent, creationTime } = modelOf(snapshot);
  const isSame =
    (document.state === undefined || document.state === state) &&
    (document.creationTime === undefined || document.creationTime === creationTime) &&
    (document.parent === undefined || document.parent.name === parent?.name);
  if (!isSame)
    throw refusal(
      'operationInvalid',
      'domainSnapshot',
      `of snapshot '${snapshot.name}' only the description can be changed`,
    );
}
