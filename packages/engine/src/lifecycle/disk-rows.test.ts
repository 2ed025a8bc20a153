// Limits of space are told as what they are: kept for a root from a template, recorded for one of the host's.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainResources, setParameters } from '@ctvirt/formats';
import { parseDomainOrThrow } from '@ctvirt/xml';
import { explainDisk } from './disk-rows.js';

const facts = { pageSize: 4096, hostCpus: 2 };
const statuses = (source: string) => {
  const domain = setParameters(
    parseDomainOrThrow(
      `<domain type='openvz'><name>101</name><os><type>exe</type></os><devices>${source}</devices></domain>`,
    ),
    { DISKSPACE: '1G', DISKINODES: '1000', NUMPROC: '10:10' },
    facts,
  );
  const rows = explainResources(domain, facts).map((row) => explainDisk(row, domain));
  return Object.fromEntries(rows.map(({ key, status }) => [key, status]));
};

test('a root from a template, and one that lies on the host', () => {
  const own = statuses("<filesystem type='template'><source name='t'/><target dir='/'/></filesystem>");
  assert.deepEqual([own['DISKSPACE'], own['DISKINODES']], ['enforced', 'enforced']);
  for (const lying of [
    "<filesystem type='mount'><source dir='/srv'/><target dir='/'/></filesystem>",
    "<filesystem type='file'><source file='/srv/image'/><target dir='/'/></filesystem>",
  ]) {
    const { DISKSPACE, DISKINODES, NUMPROC } = statuses(lying);
    assert.deepEqual([DISKSPACE, DISKINODES, NUMPROC], ['recorded', 'recorded', own['NUMPROC']]);
  }
});
