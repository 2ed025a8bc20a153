// A domain whose files are moved, as it is on disk.
// SPDX-License-Identifier: Apache-2.0
import type { DomainRecord } from '../state/record.js';
import type { Documents } from '../state/store.js';
import { domainRecord } from './record.js';

/** The same domain by whatever name. */
export const movedRecord = (name: string): DomainRecord =>
  domainRecord({
    name,
    uuid: '8509a1d4-1569-4467-8b37-4e433a1ac7b1',
    ids: { start: 1 << 20, count: 65536 },
    createdAt: '2026-01-01T00:00:00.000Z',
  });

/** Its documents, which say what it is called. */
export const movedDocuments = (name: string): Documents => ({
  xml: `<domain><name>${name}</name></domain>`,
  native: { '105.conf': `NAME="${name}"\n` },
});
