// What borg finds in a folder that somebody else has had in hand, or that a run which was killed has left.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { Borg, forgetDomains } from './borg.js';
import type { Kept } from './tool.js';

const skip = process.getuid?.() === 0 && existsSync('/usr/bin/borg') ? false : 'root and borg only';

suite('a repository of borg', { skip }, () => {
  let folder: string;
  let path: string;
  let borg: Borg;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cvb'));
    path = join(folder, 'repository');
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'secret\n', { mode: 0o600 });
    for (const name of ['about', 'tree', 'outside']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'about/manifest.json'), '{}');
    borg = new Borg(
      { name: 'default', path, passwordFile },
      { holder: 'ours', name: 'here', memory: join(folder, 'memory') },
    );
    await borg.init();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const kept = (): Kept => ({
    ...{ uuid: '2b7b4bd6-7b4c-4a55-93f5-0d2e2b4bd6a1', domain: 'web', takenAt: new Date(), leftOut: [] },
    ...{ isListed: false, about: join(folder, 'about'), within: (start) => start() },
    trees: new Map([['root', join(folder, 'tree')]]),
  });
  const restore = (id: string) => {
    const to = mkdtempSync(join(folder, 'to'));
    return borg.restore(id, { tree: 'root' }, to, {});
  };

  test('in whose place there is one that is not encrypted gets nothing, and nobody waits for an answer', async () => {
    const { id } = await borg.take(kept(), {});
    renameSync(path, `${path}.right`);
    const env = { PATH: '/usr/bin:/bin', BORG_BASE_DIR: join(folder, 'other') };
    execFileSync('borg', ['init', '--encryption', 'none', path], { env, stdio: 'ignore' });
    const replaced = { code: 'denied', message: /is not encrypted as repository 'default' was/ };
    await assert.rejects(borg.list(), replaced);
    await assert.rejects(borg.take(kept(), {}), replaced);
    await assert.rejects(restore(id), replaced);
  });

  test('with links and pipes for its files leads nowhere on the host, and keeps nobody waiting', async () => {
    await borg.take(kept(), {});
    const outside = join(folder, 'outside');
    writeFileSync(join(outside, 'ours.1-0'), '');
    symlinkSync(outside, join(path, 'lock.exclusive'));
    await assert.rejects(borg.take(kept(), {}), { code: 'busy' });
    assert.deepEqual(readdirSync(outside), ['ours.1-0']);
    rmSync(join(path, 'lock.exclusive'));
    for (const name of ['lock.roster', 'config']) {
      rmSync(join(path, name), { force: true });
      execFileSync('mkfifo', [join(path, name)]);
    }
    assert.equal(borg.exists(), false);
    await assert.rejects(borg.take(kept(), {}), { code: 'not-found' });
  });

  test('is remembered without domains that are gone', async () => {
    await borg.take(kept(), {});
    await borg.take({ ...kept(), isListed: true }, {});
    const { uuid } = kept();
    const memory = join(folder, 'memory');
    const left = (): string[] =>
      readdirSync(memory, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes(uuid));
    assert.equal(left().length, 3, left().join());
    forgetDomains(memory, (one) => one === uuid);
    assert.equal(left().length, 3);
    forgetDomains(memory, () => false);
    assert.deepEqual(left(), []);
    await borg.take(kept(), {});
  });

  test('whose index lacks what was committed is completed by who may write', async () => {
    const { id } = await borg.take(kept(), {});
    const isIndex = (name: string): boolean => /^(index|hints|integrity)\.\d+$/.test(name);
    const before = readdirSync(path).filter(isIndex);
    for (const name of before) cpSync(join(path, name), join(folder, name));
    const second = await borg.take(kept(), {});
    for (const name of readdirSync(path).filter(isIndex)) rmSync(join(path, name));
    for (const name of before) renameSync(join(folder, name), join(path, name));
    await assert.rejects(borg.list(), { code: 'busy', message: /is half-way/ });
    await borg.settle();
    assert.deepEqual(
      (await borg.list()).map((one) => one.id),
      [id, second.id],
    );
  });
});
