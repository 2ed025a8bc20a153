// The record of a domain for tests, but for what a test says of it.
// SPDX-License-Identifier: Apache-2.0
import type { DomainRecord } from '../state/record.js';

export const domainRecord = (parts: Partial<DomainRecord>): DomainRecord => ({
  version: 1,
  name: 'web',
  uuid: '00000000-0000-4000-8000-000000000001',
  type: 'lxc',
  title: null,
  ctid: null,
  autostart: false,
  persistent: true,
  eraseAtEnd: false,
  ids: null,
  template: null,
  templates: [],
  profile: null,
  hostname: parts.name ?? 'web',
  addresses: [],
  createdAt: '2026-01-01T00:00:00Z',
  lastReason: 'unknown',
  ...parts,
});
