// A line of a profile is obeyed or told of: whoever misspells a limit hears that there is none.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parameters } from '@ctvirt/formats';
import { formatDomain, parseDomain } from '@ctvirt/xml';
import { Reader } from './document.js';
import { domainOfProfile, filledFrom } from './profile-remarks.js';

const facts = { pageSize: 4096, hostCpus: 2, memoryBytes: 2 ** 50 };
const document = (profile = 'mine', memory = '') =>
  `<domain type='openvz'><name>a</name><profile>${profile}</profile>${memory}<os><type>exe</type></os><devices><filesystem type='template'><source name='t'/><target dir='/'/></filesystem></devices></domain>`;
const readerOf = (text: string): Reader => new Reader(facts, async () => text);
const unread = async (text: string) => {
  const { findings } = await readerOf(text).read(document(), { strict: false });
  return findings.filter(({ code }) => code === 'unread-profile');
};

test('a value that cannot be read, an unknown key and a line without either are told with their places', async () => {
  const found = await unread('NUMPROC="5O"\nPHYSPAGES="0:256M"\n# why not\nDISKSPACE="2GB"\nFOO=1\nwords\n');
  assert.deepEqual(
    found.map(({ severity, file, line, path }) => [severity, file, line, path]),
    [1, 4, 5, 6].map((line) => ['warning', 've-mine.conf-sample', line, '/domain/profile']),
  );
  assert.match(found[0]?.message ?? '', /^NUMPROC sets nothing: "5O" cannot be read: expected/);
});

/** Their values may be any text, or items that are no words of OpenVZ's. */
const anything = new Set(['text', 'list', 'word', 'netif']);

test('of each parameter that a profile may set a value that is none is told', async () => {
  const rows = parameters.filter(({ profile, group }) => profile === true && group !== 'host');
  assert.ok(rows.length > 20);
  for (const { key, syntax } of rows) {
    if (anything.has(syntax)) continue;
    const [found, ...more] = await unread(`${key}="5O!"\n`);
    assert.match(found?.message ?? '', new RegExp(`^${key} sets nothing`), key);
    assert.deepEqual(more, []);
  }
});

test('a document that has what its profile says is told of nothing, and one that has something else of that', async () => {
  const reader = readerOf('PHYSPAGES="0:256M"\nCPUUNITS="1000"\nNUMPROC="50"\nNETFILTER="full"\n');
  const told = async (xml: string) =>
    (await reader.read(xml, { strict: false })).findings.map(({ message }) => message);
  const { domain } = await reader.read(document(), { strict: false });
  assert.deepEqual(await told(formatDomain(domain)), []);
  assert.deepEqual(await told(document('mine', '<memory>65536</memory>')), [
    'PHYSPAGES sets nothing: the document has its own',
  ]);
});

test('a change is not told of the profile’s lines again, unless it names another profile', async () => {
  const reader = readerOf('NUMPROC="5O"\n');
  const parsed = (xml: string) => parseDomain(xml, { strict: false }).domain ?? assert.fail();
  const before = parsed(document());
  const told = async (after: string) =>
    (await reader.checkChange({ before, after: parsed(after) })).findings.map(({ code }) => code);
  assert.deepEqual(await told(document('mine', '<memory>65536</memory>')), []);
  assert.deepEqual(await told(document('other')), ['unread-profile']);
});

test('a profile by itself is told of what no domain would have of it, and of nothing else', () => {
  const text = 'NUMPROC="50"\nDISKSPACE="2G:3G"\nDISKINODES="1000:2000"\nFOO=1\n';
  const { findings } = filledFrom(domainOfProfile('mine'), { name: 'mine', text }, facts);
  assert.deepEqual(
    findings.map(({ line }) => line),
    [4],
  );
});
