// What of a soft limit is in force from the first moment of a run on, by what the last look wrote down.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { DiskLimit, FilesystemSpec } from '../storage/index.js';
import { limitsAtStart, readSince, writeSince } from './grace-file.js';

let keep: string;
beforeEach(() => {
  keep = mkdtempSync(join(tmpdir(), 'cvgrace-'));
});
afterEach(() => rmSync(keep, { recursive: true }));

const spec = (limit: DiskLimit | undefined, soft?: DiskLimit): FilesystemSpec => ({
  key: 'root',
  kind: 'template',
  source: 't',
  target: '/',
  readOnly: false,
  options: [],
  limit,
  soft,
  owners: [],
});
const of = (bytes: number): DiskLimit => ({ bytes, inodes: 7 });
function ago(seconds: number): string {
  const when = new Date();
  when.setSeconds(when.getSeconds() - seconds);
  return when.toISOString();
}

test('the soft limit once its grace is over, the hard one before', async () => {
  await writeSince(keep, { 'root.space': ago(100) });
  assert.deepEqual((await limitsAtStart(keep, 60))(spec(of(9), of(5))), of(5));
  assert.deepEqual((await limitsAtStart(keep, 600))(spec(of(9), of(5))), of(9));
});

test('without a soft limit, without a limit, or of another file system: what the document says', async () => {
  await writeSince(keep, { 'other.space': ago(100), 'root.inodes': ago(100) });
  assert.deepEqual((await limitsAtStart(keep, 60))(spec(of(9), of(5))), of(9));
  await writeSince(keep, { 'root.space': ago(100) });
  const limits = await limitsAtStart(keep, 60);
  assert.deepEqual(limits(spec(of(9))), of(9));
  assert.equal(limits(spec(undefined, of(5))), undefined);
});

test('what cannot be read begins anew', async () => {
  for (const text of ['', '[', '{"root.space":"when"}', 'null', '{"root.space":5}']) {
    writeFileSync(join(keep, 'grace.json'), text);
    assert.deepEqual(await readSince(keep), {}, text);
    assert.deepEqual((await limitsAtStart(keep, 60))(spec(of(9), of(5))), of(9));
  }
});
