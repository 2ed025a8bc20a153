// Imports real and hostile archives for real and counts what is left on disk.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { archive, file, folder } from '../testing/hostile-archive.js';
import { HOSTILE } from '../testing/hostile-cases.js';
import { TemplateError } from './archive/errors.js';
import { DEFAULT_LIMITS } from './archive/limits.js';
import type { ImportProgress } from './import-archive.js';
import { TemplateStore } from './store.js';

const run = promisify(execFile);

let dir = '';
let storeDir = '';
let store: TemplateStore;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ctvirt-import-'));
  storeDir = join(dir, 'templates');
  store = new TemplateStore({ dir: storeDir });
  await store.recover();
  await makeTree(join(dir, 'tree'));
});

after(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** A root with everything a tar can carry that is no device. */
async function makeTree(root: string): Promise<void> {
  const long = join(root, 'usr/share', 'a'.repeat(120), 'b'.repeat(120));
  for (const path of ['dev', 'proc', 'sys', 'etc', 'usr/bin', 'var/mail', 'tmp', 'home/u/.x']) {
    await mkdir(join(root, path), { recursive: true });
  }
  await mkdir(long, { recursive: true });
  await writeFile(join(long, 'c'.repeat(200)), 'deep');
  await writeFile(join(root, 'etc/hostname'), 'tree\n');
  await writeFile(join(root, 'etc/empty'), '');
  await writeFile(join(root, 'usr/bin/su'), 'not really');
  await writeFile(join(root, 'usr/bin/ping'), 'capable');
  await writeFile(
    Buffer.concat([Buffer.from(`${root}/etc/`), Buffer.from([0x66, 0xff, 0xfe, 0x0a, 0x67])]),
    'no UTF-8',
  );
  await writeFile(join(root, 'etc/größe und ähnliches'), 'UTF-8');
  await writeFile(join(root, 'home/u/big'), Buffer.alloc(3_000_001, 'ctvirt'));
  await symlink('/etc/hostname', join(root, 'etc/name'));
  await symlink(`../${'d'.repeat(180)}`, join(root, 'etc/dangling'));
  await run('ln', [join(root, 'etc/hostname'), join(root, 'usr/bin/hostname.link')]);
  await run('ln', [join(root, 'etc/name'), join(root, 'usr/bin/name.link')]);
  await run('truncate', ['--size=5000000', join(root, 'var/holes')]);
  await run('dd', [
    'if=/dev/urandom',
    `of=${join(root, 'var/holes')}`,
    'bs=512',
    'count=3',
    'seek=4000',
    'conv=notrunc',
    'status=none',
  ]);
  await run('mkfifo', [join(root, 'var/pipe')]);
  await run('chown', ['-h', '1000:33', join(root, 'home/u/big'), join(root, 'etc/dangling')]);
  for (const path of ['usr/bin/ping', `usr/share/${'a'.repeat(120)}/${'b'.repeat(120)}/${'c'.repeat(200)}`]) {
    await run('setcap', ['cap_net_raw=ep', join(root, path)]);
  }
  await chmod(join(root, 'usr/bin/su'), 0o4755);
  await chmod(join(root, 'var/mail'), 0o2775);
  await chmod(join(root, 'tmp'), 0o1777);
  await chmod(join(root, 'home/u/.x'), 0o000);
  await chmod(root, 0o755);
}

/** Every entry with kind, mode, owners, size, target, link count and time, and a digest over all contents. */
async function describe(root: string): Promise<string[]> {
  const format = '%P\\0%y\\0%m\\0%U\\0%G\\0%l\\0%n\\0%Ts\\0%s\\n';
  const { stdout } = await run('find', [root, '!', '-type', 'd', '-printf', format], { encoding: 'latin1' });
  const folders = await run('find', [root, '-type', 'd', '-printf', '%P\\0%m\\0%U\\0%G\\0%Ts\\n'], {
    encoding: 'latin1',
  });
  const contents = await run('tar', ['-C', root, '--sort=name', '--exclude=./var/pipe', '-cf', '-', '.'], {
    encoding: 'buffer',
    maxBuffer: 2 ** 28,
  });
  const capable = await run('getcap', ['-r', root]);
  return [
    ...stdout.split('\n').sort(),
    ...folders.stdout.split('\n').sort(),
    createHash('sha256').update(contents.stdout).digest('hex'),
    capable.stdout.replaceAll(root, ''),
  ];
}

async function pack(name: string, ...options: string[]): Promise<string> {
  const path = join(dir, name);
  await run('tar', ['-C', join(dir, 'tree'), '--xattrs', '--numeric-owner', ...options, '-cf', path, '.']);
  return path;
}

async function leftovers(): Promise<string[]> {
  return (await readdir(storeDir)).filter((entry) => entry.startsWith('.'));
}

const forms: readonly (readonly [suffix: string, ...options: string[]])[] = [
  ['tar', '--format=pax'],
  ['tar.gz', '--gzip', '--format=pax'],
  ['tar.xz', '--xz', '--format=pax', '--sparse'],
  ['tar.lzo', '--lzop', '--format=pax'],
  ['tar.zst', '--zstd', '--format=pax'],
];

for (const [suffix, ...options] of forms) {
  test(`a .${suffix} unpacks to the very tree that was packed`, async () => {
    const path = await pack(`tree.${suffix}`, ...options);
    const bytes = await readFile(path);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const progress: ImportProgress[] = [];
    const name = `tree-${suffix}`;
    const template = await store.import(name, path, {
      digest,
      sizeBytes: bytes.length,
      onProgress: (step) => progress.push(step),
    });
    assert.deepEqual(
      [template.digest, template.sizeBytes, template.source, template.notes],
      [digest, bytes.length, path, []],
    );
    assert.deepEqual(await describe(store.rootfs(name)), await describe(join(dir, 'tree')));
    const inodes = (await run('find', [store.rootfs(name), '-printf', '%i\\n'])).stdout.trim().split('\n');
    assert.equal(template.inodes, new Set(inodes).size);
    assert.equal(progress.at(-1)?.phase, 'sync');
    assert.equal(progress.at(-1)?.doneBytes, bytes.length);
    assert.deepEqual(await store.get(name), template);
    await store.remove(name);
  });
}

test('GNU format with its own sparse form unpacks to the very tree, but for capabilities', async () => {
  const path = join(dir, 'gnu.tar');
  await run('tar', ['-C', join(dir, 'tree'), '--format=gnu', '--sparse', '-cf', path, '.']);
  await store.import('gnu', path);
  const [want, found] = [await describe(join(dir, 'tree')), await describe(store.rootfs('gnu'))];
  assert.deepEqual(found.slice(0, -1), want.slice(0, -1));
  await store.remove('gnu');
});

test('a stream imports like a file, and modes do not depend on the umask', async () => {
  const path = await pack('stream.tar.gz', '--gzip', '--format=pax');
  const before = process.umask(0o077);
  try {
    await store.import('stream', createReadStream(path));
    assert.deepEqual(await describe(store.rootfs('stream')), await describe(join(dir, 'tree')));
    await store.import('implied', Readable.from([archive(file('usr/share/doc/x'))]));
    assert.equal((await stat(join(store.rootfs('implied'), 'usr/share'))).mode & 0o7777, 0o755);
    assert.equal((await stat(store.rootfs('implied'))).mode & 0o7777, 0o755);
  } finally {
    process.umask(before);
  }
  for (const name of ['stream', 'implied']) await store.remove(name);
});

test('no hostile archive leaves anything, inside or outside the store', async () => {
  const outside = await readdir(dir);
  for (const hostile of HOSTILE) {
    const limits = hostile.limits ?? {};
    await assert.rejects(store.import('hostile', Readable.from([hostile.bytes]), { limits }), (error) => {
      assert.ok(error instanceof TemplateError, String(error));
      assert.equal(
        error.code === 'invalid' || error.code === 'unsupported',
        true,
        `${hostile.title}: ${error.message}`,
      );
      return true;
    });
    assert.deepEqual(await readdir(storeDir), [], hostile.title);
  }
  assert.deepEqual(await readdir(dir), outside);
});

test('what was said of the archive must hold', async () => {
  const path = await pack('said.tar.gz', '--gzip');
  const size = (await stat(path)).size;
  const link = join(dir, 'said.link');
  await symlink(path, link);
  await run('mkfifo', [join(dir, 'said.pipe')]);
  await writeFile(join(dir, 'said.txt'), 'this is no archive');
  await writeFile(join(dir, 'said.empty'), '');
  await writeFile(join(dir, 'said.cut'), (await readFile(path)).subarray(0, size - 20));
  await writeFile(
    join(dir, 'said.more'),
    Buffer.concat([await readFile(path), Buffer.from('rubbish at the end')]),
  );
  const wrong = [
    [path, { digest: `sha256:${'0'.repeat(64)}` }, 'digest'],
    [path, { digest: 'md5:1234' }, 'digest'],
    [path, { sizeBytes: size - 1 }, 'size'],
    [path, { sizeBytes: size + 1 }, 'size'],
    [path, { limits: { archiveBytes: 1000 } }, 'limit'],
    [path, { limits: { fileBytes: 1_000_000 } }, 'limit'],
    [link, {}, 'source'],
    [dir, {}, 'source'],
    [join(dir, 'said.pipe'), {}, 'source'],
    [join(dir, 'missing'), {}, 'source'],
    [join(dir, 'said.txt'), {}, 'format'],
    [join(dir, 'said.empty'), {}, 'format'],
    [join(dir, 'said.cut'), {}, 'truncated'],
    [join(dir, 'said.more'), {}, 'truncated'],
  ] as const;
  for (const [source, options, reason] of wrong) {
    await assert.rejects(store.import('said', source, options), (error) => {
      assert.ok(error instanceof TemplateError, String(error));
      assert.equal(error.details.reason, reason, error.message);
      return true;
    });
    assert.deepEqual(await readdir(storeDir), []);
  }
});

test('compression bombs are refused before they unfold', async () => {
  const zeros = join(dir, 'zeros');
  await run('mkdir', [zeros]);
  await run('truncate', ['--size=200M', join(zeros, 'zero')]);
  for (const [suffix, flag] of [
    ['gz', '--gzip'],
    ['xz', '--xz'],
    ['zst', '--zstd'],
  ] as const) {
    const path = join(dir, `bomb.tar.${suffix}`);
    await run('tar', ['-C', zeros, flag, '-cf', path, 'zero']);
    await assert.rejects(store.import('bomb', path), { code: 'invalid' });
    assert.deepEqual(await readdir(storeDir), []);
    await rm(path);
  }
  await rm(zeros, { recursive: true });
});

test('a full disk ends the import clearly and leaves nothing', async () => {
  const small = join(dir, 'small');
  await mkdir(small);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'ctvirt-test', small]);
  try {
    const full = new TemplateStore({ dir: join(small, 'templates') });
    await full.recover();
    await assert.rejects(full.import('tree', await pack('full.tar')), { code: 'no-space' });
    assert.deepEqual(await readdir(join(small, 'templates')), []);
    await assert.rejects(full.buildBusybox('busybox'), { code: 'no-space' });
    assert.deepEqual(await readdir(join(small, 'templates')), []);
  } finally {
    await run('umount', [small]);
  }
});

test('a cancelled import leaves nothing, even when its source has stalled', { timeout: 30_000 }, async () => {
  const path = await pack('cancel.tar.zst', '--zstd');
  const bytes = await readFile(path);
  for (const share of [0, 0.1, 0.5, 0.9]) {
    const stalled = new Readable({ read() {} });
    stalled.push(bytes.subarray(0, bytes.length * share));
    const cancel = new AbortController();
    const importing = store.import('cancel', stalled, { signal: cancel.signal });
    await sleep(60);
    cancel.abort();
    await assert.rejects(importing, { code: 'cancelled' });
    assert.deepEqual(await readdir(storeDir), []);
  }
});

test('two imports of one name: one wins, the other is told', async () => {
  const path = await pack('twice.tar');
  const both = await Promise.allSettled([store.import('twice', path), store.import('twice', path)]);
  assert.deepEqual(both.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
  await assert.rejects(store.import('twice', path), { code: 'exists' });
  await store.remove('twice');
});

test('names that are no names are refused everywhere', async () => {
  for (const name of ['', '.', '..', '.partial-x', 'a/b', '../a', 'a\0b', 'a\n', '-a', 'x'.repeat(65), 'ä']) {
    assert.throws(() => store.rootfs(name), { code: 'invalid' });
    await assert.rejects(store.get(name), { code: 'invalid' });
    await assert.rejects(store.buildBusybox(name), { code: 'invalid' });
    await assert.rejects(store.remove(name), { code: 'invalid' });
  }
});

test('the store is closed to everyone but root', async () => {
  await chmod(storeDir, 0o755);
  await store.recover();
  assert.equal((await lstat(storeDir)).mode & 0o777, 0o700);
});

/** Processes whose command line names `word`. */
async function processesNaming(word: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^[0-9]+$/.test(entry))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    if (line.includes(word)) found.push(line.replaceAll('\0', ' '));
  }
  return found;
}

const KILLS = 15;

test(`kill -9 at ${KILLS} points of an import leaves nothing that recovery does not remove`, {
  timeout: 180_000,
}, async () => {
  const path = await pack('kill.tar.zst', '--zstd');
  const module = fileURLToPath(new URL('./store.js', import.meta.url));
  const killDir = join(dir, 'kill-store');
  const program =
    `const { TemplateStore } = await import(${JSON.stringify(module)});` +
    `const store = new TemplateStore({ dir: ${JSON.stringify(killDir)} });` +
    `await store.recover(); process.stdout.write('ready\\n');` +
    `await store.import('tree', ${JSON.stringify(path)}); process.stdout.write('done\\n');`;
  const killed = new TemplateStore({ dir: killDir });
  await killed.recover();
  const want = await describe(join(dir, 'tree'));
  let whole = 0;
  let partial = 0;
  let tookMs = 0;
  // On a host that is busy now and idle then most may be over before: then at more points, each sooner.
  for (let i = 0; i <= KILLS || (partial < 5 && i < 10 * KILLS); i++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // Asked for now: it may end by itself before it is killed.
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    const begin = performance.now();
    if (i === 0) {
      // The first one runs to its end and tells how long the others are to be waited for.
      await closed;
      tookMs = performance.now() - begin;
    } else {
      await sleep(i <= KILLS ? (i * tookMs) / KILLS : (KILLS * tookMs) / i ** 2);
      child.kill('SIGKILL');
      await closed;
    }
    partial += (await killed.recover()).length;
    assert.deepEqual(
      (await readdir(killDir)).filter((entry) => entry !== 'tree'),
      [],
    );
    const templates = await killed.list();
    if (templates.length > 0) {
      whole++;
      assert.deepEqual(await describe(killed.rootfs('tree')), want);
      await killed.remove('tree');
    }
  }
  assert.ok(
    partial >= 5 && whole >= 1,
    `${partial} interrupted, ${whole} finished: the points were not spread`,
  );
  // Each is ended by the end of the one before it.
  for (const late = performance.now() + 10_000; performance.now() < late; await sleep(20))
    if ((await processesNaming(killDir)).length === 0) break;
  assert.deepEqual(await processesNaming(killDir), []);
  assert.deepEqual(await leftovers(), []);
});

test('what tar makes of an archive that passed is what the inspection saw', async () => {
  const bytes = archive(folder('./'), folder('etc/'), file('etc/a', 'a'.repeat(5000)), file('x/y/z'));
  const template = await store.import('seen', Readable.from([bytes]));
  const paths = (await run('find', [store.rootfs('seen'), '-printf', '%P %s\\n'])).stdout.trim().split('\n');
  assert.equal(template.inodes, paths.length);
  assert.equal(template.unpackedBytes, 5004);
  assert.ok(DEFAULT_LIMITS.unpackedBytes > template.unpackedBytes);
  await store.remove('seen');
});
