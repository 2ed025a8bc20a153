// What tar has to say of single files is told by name, and no more than that.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { OpenLayerFiles } from '../storage/root-mounts.js';
import { DOMAIN_LIMITS } from '../templates/archive/limits.js';
import { endOfArchive, memberBlocks } from '../templates/archive/tar-write.js';
import { packLayer } from './layers.js';

const path = mkdtempSync(join(tmpdir(), 'ctvirt-layer-'));
after(() => rmSync(path, { recursive: true }));
const layer: OpenLayerFiles = { path, within: (start) => start(), sync: async () => {} };

/** Names of its members, while `meanwhile` changes them; and what was told. */
async function packed(meanwhile: () => void = () => undefined): Promise<{ names: string[]; told: string[] }> {
  const [names, told]: [string[], string[]] = [[], []];
  const packing = { limits: DOMAIN_LIMITS, tell: (remark: string) => void told.push(remark) };
  for await (const { parts } of packLayer(layer, packing)) {
    if (names.length === 0) meanwhile();
    names.push(parts.join('/'));
  }
  return { names, told };
}

test('sockets are left out, each by its name', async () => {
  const bind = (name: string): void => {
    const program =
      'import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind(sys.argv[2])';
    assert.equal(spawnSync('python3', ['-c', program, path, name]).status, 0);
  };
  mkdirSync(join(path, 'run'));
  for (const name of ['run/one', 'run/with a blank', 'run/with\nline']) bind(name);
  writeFileSync(join(path, 'page'), 'text');
  const { names, told } = await packed();
  assert.deepEqual(names.sort(), ['', 'page', 'run']);
  assert.deepEqual(told.sort(), [
    'the socket /run/one is left out: who listens makes it anew',
    'the socket /run/with a blank is left out: who listens makes it anew',
    'the socket /run/with\\nline is left out: who listens makes it anew',
  ]);
  rmSync(join(path, 'run'), { recursive: true });
});

test('files that vanish while they are read are told, and the rest is there', async () => {
  const files = Array.from({ length: 20_000 }, (_, index) => join(path, `file ${index}`));
  for (const file of files) writeFileSync(file, '');
  const { names, told } = await packed(() => files.forEach((file) => void unlinkSync(file)));
  const gone = told.filter((remark) => /^\/file \d+ was removed while the files were read$/.test(remark));
  assert.equal(told.length, gone.length);
  assert.ok(gone.length > 1000, `${gone.length} were gone`);
  // One may have been removed when tar had it, and was about to ask whether it is as it was.
  const both = names.length + gone.length - (files.length + 2);
  assert.ok(both === 0 || both === 1, `${both} are in it, and were told`);
});

test('times before 1970 are those of the files, whole seconds or not', async () => {
  const [from, to] = ['old', 'new'].map((name) => join(path, name));
  for (const folder of [from, to]) mkdirSync(folder ?? '');
  for (const [name, at] of [
    ['whole', '-86400'],
    ['part', '-86399.999999995'],
  ] as const) {
    writeFileSync(join(from ?? '', name), '');
    assert.equal(spawnSync('touch', ['-d', `@${at}`, join(from ?? '', name)]).status, 0);
  }
  const blocks: Buffer[] = [];
  const packing = { limits: DOMAIN_LIMITS };
  for await (const { member, data } of packLayer({ ...layer, path: from ?? '' }, packing))
    if (member !== undefined) for await (const block of memberBlocks(member, data)) blocks.push(block);
  const input = Buffer.concat([...blocks, endOfArchive()]);
  assert.equal(spawnSync('tar', ['-x', '-C', to ?? ''], { input }).status, 0);
  const timesIn = (folder = '') =>
    ['whole', 'part'].map((name) => statSync(join(folder, name), { bigint: true }).mtimeNs);
  assert.deepEqual(timesIn(to), timesIn(from));
  assert.equal(timesIn(to)[0], -86_400_000_000_000n);
});

test('what cannot be read is a failure', async () => {
  const missing = { ...layer, path: join(path, 'none') };
  const reading = async (): Promise<void> => {
    for await (const _ of packLayer(missing, { limits: DOMAIN_LIMITS }));
  };
  await assert.rejects(reading, /tar could not read the files/);
});
