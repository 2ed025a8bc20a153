// What the daemon reads only if nobody but root can change it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineError } from '../errors.js';
import { requireTrusted } from './trusted.js';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

test('a path is trusted if root alone can change it, all the way', { skip: !isRoot }, (t) => {
  const base = mkdtempSync(join(tmpdir(), 'ctvirt-trust-'));
  t.after(() => rmSync(base, { recursive: true }));
  const folder = (name: string, mode: number, uid = 0, gid = 0): string => {
    const path = join(base, name);
    mkdirSync(path);
    chownSync(path, uid, gid);
    chmodSync(path, mode);
    return path;
  };
  const link = (to: string, at: string, uid = 0): string => {
    symlinkSync(to, at);
    lchownSync(at, uid, uid);
    return at;
  };
  const own = folder('own', 0o755);
  const others = folder('others', 0o755, nobody);
  const open = folder('open', 0o777);
  const group = folder('group', 0o775, 0, 4242);
  const wheel = folder('wheel', 0o775);
  const shared = folder('shared', 0o1777);
  writeFileSync(join(own, 'conf'), '');
  mkdirSync(join(shared, 'mine'), { mode: 0o700 });
  mkdirSync(join(shared, 'theirs'));
  chownSync(join(shared, 'theirs'), nobody, nobody);
  writeFileSync(join(own, 'loose'), '');
  chmodSync(join(own, 'loose'), 0o666);

  const trusted = [
    own,
    join(own, 'conf'),
    join(own, 'missing/below'),
    wheel,
    join(shared, 'mine'),
    join(shared, 'missing'),
    link(own, join(own, 'link')),
    join(link('../own', join(shared, 'root-made')), 'conf'),
  ];
  for (const path of trusted) assert.doesNotThrow(() => requireTrusted(path), path);
  const refused = [
    others,
    join(others, 'missing'),
    open,
    join(open, 'below'),
    group,
    shared,
    join(shared, 'theirs'),
    join(shared, 'theirs/x'),
    join(own, 'loose'),
    link(own, join(shared, 'their-link'), nobody),
    link(others, join(own, 'to-others')),
    join(link('../open', join(own, 'to-open')), 'x'),
    link('loop', join(own, 'loop')),
  ];
  for (const path of refused)
    assert.throws(
      () => requireTrusted(path),
      (error) => error instanceof EngineError && /^(denied|invalid)$/.test(error.code),
      path,
    );
  assert.throws(
    () => requireTrusted(join(others, 'x')),
    /others can be changed .*owner 65534.*mode 0755.*chown/,
  );
});
