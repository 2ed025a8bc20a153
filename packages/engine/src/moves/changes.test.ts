// A tree that changes between passes is the same at the other end.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { LayerFiles } from '../storage/root-mounts.js';
import { changesSince, NOTHING, type Seen, type Tree } from './changes.js';
import { listed, packed, synced, treeOf, unpacked } from './layer-stream.js';

const tree = (entries: Record<string, readonly [kind: string, inode: number, changedMs: number]>): Tree =>
  new Map(
    Object.entries(entries).map(([path, [kind, inode, changedMs]]): [string, Seen] => [
      path,
      { kind, inode: String(inode), changedMs, bytes: 0 },
    ]),
  );

const before = tree({
  '': ['d', 1, 0],
  a: ['d', 2, 0],
  'a/x': ['f', 3, 0],
  'a/y': ['f', 4, 0],
  z: ['f', 4, 0],
});

test('nothing changed: nothing is sent', () => {
  assert.deepEqual(changesSince(before, before, 1), { names: [''], gone: [], afresh: [] });
});

test('a folder by another name is sent with all that is in it, and files by all their names', () => {
  const now = tree({
    '': ['d', 1, 5],
    b: ['d', 2, 5],
    'b/x': ['f', 3, 0],
    'b/y': ['f', 4, 0],
    z: ['f', 4, 0],
  });
  const { names, gone } = changesSince(before, now, 1);
  assert.deepEqual(names, ['', 'b', 'b/x', 'b/y', 'z']);
  assert.deepEqual(gone, ['a', 'a/x', 'a/y']);
});

test('what is written to goes with its folders, whose times it changes', () => {
  const now = tree({
    '': ['d', 1, 0],
    a: ['d', 2, 0],
    'a/x': ['f', 3, 9],
    'a/y': ['f', 4, 0],
    z: ['f', 4, 0],
  });
  assert.deepEqual(changesSince(before, now, 1), { names: ['', 'a', 'a/x'], gone: [], afresh: [] });
});

test('a folder that may have lost attributes is made anew, and one that became a file is gone', () => {
  const lost = tree({
    '': ['d', 1, 0],
    a: ['d', 2, 9],
    'a/x': ['f', 3, 0],
    'a/y': ['f', 4, 0],
    z: ['f', 4, 0],
  });
  assert.deepEqual(changesSince(before, lost, 1), { names: ['', 'a'], gone: [], afresh: ['a'] });
  const file = tree({ '': ['d', 1, 9], a: ['f', 9, 9], z: ['f', 4, 0] });
  assert.deepEqual(changesSince(before, file, 1), {
    names: ['', 'a'],
    gone: ['a', 'a/x', 'a/y'],
    afresh: [],
  });
});

test('another time is another file, whatever the clock says', () => {
  const now = tree({
    ...Object.fromEntries([...before].map(([path, { kind, inode }]) => [path, [kind, Number(inode), 0]])),
    'a/x': ['f', 3, -5],
  });
  assert.deepEqual(changesSince(before, now, 1).names, ['', 'a', 'a/x']);
});

test('names of the one whiteout are no reason to send the others', () => {
  const old = tree({ '': ['d', 1, 0], w: ['c', 7, 0] });
  const now = tree({ '': ['d', 1, 0], v: ['c', 7, 9], w: ['c', 7, 9] });
  assert.deepEqual(changesSince(old, now, 1).names, ['', 'v']);
});

/** A file system that overlay has attributes on, as layers lie on. */
let here: string;
beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), 'ctvirt-passes-'));
  for (const name of ['from', 'to']) mkdirSync(join(here, name));
});
afterEach(() => rmSync(here, { recursive: true, force: true }));

const lent = (path: string): LayerFiles => ({ path, within: (start) => start() });

/** One change of a tree by chance; what cannot be done just then is not done. */
const CHANCE = `
  pick() { find . -mindepth 1 "$@" | shuf -n 1 | grep .; }
  name() { echo "$({ echo .; find . -mindepth 1 -type d; } | shuf -n 1)/n$(shuf -i 0-30 -n 1)"; }
  case $(shuf -i 0-19 -n 1) in
    0|1) mkdir "$(name)" ;;
    2|3) one=$(name); rm -f "$one"; head -c "$(shuf -i 0-9000 -n 1)" /dev/urandom >"$one" ;;
    4) echo more >>"$(pick -type f)" ;;
    5) ln "$(pick -type f)" "$(name)" ;;
    6) ln -s "$(name)" "$(name)" ;;
    7) mkfifo "$(name)" ;;
    8) mknod "$(name)" c 0 0 ;;
    9) rm -rf "$(pick)" ;;
    10|11) mv -T "$(pick -type d)" "$(name)" ;;
    12) mv -T "$(pick)" "$(name)" ;;
    13) chown -h "$(shuf -i 0-2000 -n 1):$(shuf -i 0-2000 -n 1)" "$(pick ! -type c)" ;;
    14) chmod "$(shuf -e 755 4755 1777 640 2750 -n 1)" "$(pick ! -type l ! -type c)" ;;
    15) touch -h -d "@$(shuf -i 1-1900000000 -n 1).5" "$(pick ! -type c)" ;;
    16) one=$(pick) || exit; rm -rf "$one"; mkdir "$one" && echo new >"$one/inside" ;;
    17) one=$(pick -type d) || exit; rm -rf "$one"; echo file >"$one" ;;
    18) setfattr -n "user.a$(shuf -i 0-2 -n 1)" -v "$(shuf -i 0-9 -n 1)" "$(pick -type d)"; setfattr -n trusted.overlay.opaque -v y "$(pick -type d)" ;;
    19) setfattr -x "user.a$(shuf -i 0-2 -n 1)" "$(pick '(' -type d -o -type f ')')"; setfattr -n user.b -v "$$" "$(pick -type f)" ;;
  esac
`;
const change = (count: number): void =>
  void execFileSync('sh', ['-c', `for _ in $(seq ${count}); do (${CHANCE}) 2>/dev/null; done; :`], {
    cwd: join(here, 'from'),
  });

/** All that is to be the same, owners of whiteouts apart. */
function shown(name: string): string {
  const cwd = join(here, name);
  const run = (script: string): string => execFileSync('sh', ['-c', script], { cwd, encoding: 'utf8' });
  return [
    run(`find . -type c -printf '%P c\\n' -o -printf '%P %y %m %U %G %T@ %l %n\\n' | sort`),
    run(`find . -type f -exec sha256sum {} + | sort -k 2`),
    // Which names are of one file.
    run(
      `find . -type f -links +1 -printf '%i %P\\n' | sort -k 2 | awk '{ if (!($1 in n)) n[$1] = ++m; print n[$1], $2 }'`,
    ),
    run(`find . ! -type c ! -type l -exec getfattr -h -d -m - {} + 2>/dev/null || :`)
      .split('\n\n')
      .sort()
      .join('\n\n'),
  ].join('\n');
}

const root = process.getuid?.() === 0 ? false : 'only root makes files of others';

test('trees that change by chance between passes are the same in the end', {
  skip: root,
}, async (context) => {
  const rounds = Number(process.env['CTVIRT_PASS_ROUNDS'] ?? 6);
  let old: Tree = NOTHING;
  for (let round = 0; round < rounds; round++) {
    change(round === 0 ? 120 : 15);
    const [from, to] = [lent(join(here, 'from')), lent(join(here, 'to'))];
    await synced(from);
    const { tree: now } = await treeOf(from, { isRunning: false });
    const changes = changesSince(old, now, sinceOf(old));
    await unpacked(to, packed(from, changes, { isRunning: false }));
    old = now;
    assert.deepEqual(shown('to').split('\n'), shown('from').split('\n'), `round ${round}`);
    assert.deepEqual(await listed(to, '/'), await listed(from, '/'));
  }
  context.diagnostic(`${old.size} files`);
});

test('the root loses what it lost, and a copy of all files takes their place', { skip: root }, async () => {
  const sh = (script: string): void => void execFileSync('sh', ['-c', script], { cwd: here });
  let old: Tree = NOTHING;
  const pass = async (name: string): Promise<void> => {
    const { tree: now } = await treeOf(lent(join(here, name)), { isRunning: false });
    const changes = changesSince(old, now, sinceOf(old));
    await unpacked(lent(join(here, 'to')), packed(lent(join(here, name)), changes, { isRunning: false }));
    old = now;
    assert.deepEqual(shown('to').split('\n'), shown(name).split('\n'));
  };
  change(40);
  sh('setfattr -n user.a -v 1 from; setfattr -n security.capability -v 0sAQAAAgAgAAAAAAAAAAAAAAAAAAA= from');
  await pass('from');
  sh('setfattr -x user.a from; setfattr -n user.b -v 1 from');
  await pass('from');
  change(40);
  sh('cp -a from copy; setfattr -x user.b copy');
  await pass('copy');
});

/** The latest change that the list has: what comes after it is new. */
const sinceOf = (of: Tree): number => Math.max(0, ...[...of.values()].map(({ changedMs }) => changedMs));

test('what goes and changes while it is packed is no failure', { skip: root }, async () => {
  const [from, to] = [lent(join(here, 'from')), lent(join(here, 'to'))];
  for (const name of ['stays', 'goes']) writeFileSync(join(here, 'from', name), name);
  const { tree: now } = await treeOf(from, { isRunning: false });
  rmSync(join(here, 'from', 'goes'));
  const all = changesSince(NOTHING, now, 0);
  await unpacked(to, packed(from, all, { isRunning: true }));
  assert.equal(statSync(join(here, 'to', 'stays')).size, 5);
  await assert.rejects(unpacked(to, packed(from, all, { isRunning: false })), /goes/);
});

test('folders that go while they are listed are no failure', { skip: root }, async () => {
  const from = lent(join(here, 'from'));
  // Each folder stands among so many that it is often gone before it is entered.
  const churn = `i=0; while :; do i=$((i+1)); mkdir -p d$i/e$i; rm -rf d$((i-60)); done`;
  const children = [1, 2].map((n) => {
    mkdirSync(join(here, 'from', String(n)));
    // Its programs have its output, too: it is closed when all of them have ended.
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    return spawn('sh', ['-c', churn], {
      cwd: join(here, 'from', String(n)),
      stdio: [...stdio],
      detached: true,
    });
  });
  try {
    for (let at = 0; at < 40; at++) assert.ok((await treeOf(from, { isRunning: true })).tree.has(''));
  } finally {
    for (const child of children) {
      const ended = once(child, 'close');
      child.stdout.resume();
      process.kill(-(child.pid ?? assert.fail('it does not run')), 'SIGKILL');
      await ended;
    }
  }
});

test('a stream that ends too early is refused', { skip: root }, async () => {
  const cut = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from([0, 0, 0, 0, 0, 0, 0, 9, 1]);
  };
  await assert.rejects(unpacked(lent(join(here, 'to')), cut()), { code: 'invalid' });
});
