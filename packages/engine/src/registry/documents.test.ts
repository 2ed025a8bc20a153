// The document of a run, whoever reads it while it changes.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Domain, formatDomain, parseDomain } from '@ctvirt/xml';
import type { Subject } from '../drivers/driver.js';
import type { DomainStore } from '../state/store.js';
import { Documents } from './documents.js';

const of = (memoryKiB: number): Domain => {
  const { domain, findings } = parseDomain(
    `<domain type='lxc'><name>d</name><memory unit='KiB'>${memoryKiB}</memory><devices><filesystem type='mount'><source dir='/x'/><target dir='/'/></filesystem></devices></domain>`,
  );
  return domain ?? assert.fail(JSON.stringify(findings));
};

for (const isKept of [true, false])
  test(`a change while somebody else reads stays, of a run whose document is ${isKept ? '' : 'not '}kept`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cv-documents-'));
    try {
      const path = join(folder, 'd.xml');
      const before = formatDomain(of(1024));
      if (isKept) writeFileSync(path, before);
      const store = { readXml: async () => before } as Partial<DomainStore> as DomainStore;
      const documents = new Documents(store, () => path, assert.fail);
      const entry = { record: { name: 'd' }, running: {} } as Partial<Subject> as Subject;
      const reading = documents.live(entry);
      const after = of(2048);
      documents.propose(entry, formatDomain(after));
      documents.accept(entry, after);
      await reading;
      assert.equal((await documents.live(entry)).memoryKiB, 2048);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
