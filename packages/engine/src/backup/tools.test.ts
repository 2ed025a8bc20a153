// What each program that keeps backups is to do alike: locks, damage, and what it is told of the files since a backup.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deepBelow } from '../storage/file-list.js';
import { Borg } from './borg.js';
import { Restic } from './restic.js';
import type { BackupTool, BackupToolName, Kept, RepositorySpec, ToolHost } from './tool.js';

/** How somebody else runs it, who waits for input in the middle of a backup. */
interface ByHand {
  readonly Tool: new (spec: RepositorySpec, host: ToolHost) => BackupTool;
  readonly argv: readonly string[];
  /** How many hold something there. */
  readonly locks: (repository: string) => number;
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);
const tools: Record<BackupToolName, ByHand> = {
  restic: {
    Tool: Restic,
    argv: ['--repo', 'repository', '--password-file', 'password', '--no-cache', 'backup', '--stdin'],
    locks: (path) => namesIn(join(path, 'locks')).filter((name) => name.length === 64).length,
  },
  borg: {
    Tool: Borg,
    argv: ['create', 'repository::other', '-'],
    locks: (path) => namesIn(join(path, 'lock.exclusive')).length,
  },
};

const domain = {
  uuid: '2b7b4bd6-7b4c-4a55-93f5-0d2e2b4bd6a1',
  domain: 'a {now} b',
  within: (start: () => never) => start(),
};

interface Place {
  readonly folder: string;
  readonly path: string;
  readonly tool: BackupTool;
  readonly called: (host: Partial<ToolHost>) => BackupTool;
  readonly other: () => ChildProcess;
  readonly kept: (more?: Partial<Kept>) => Kept;
}

const hasAddress = readdirSync('/sys/class/net').some((link) =>
  /[1-9a-f]/.test(readFileSync(`/sys/class/net/${link}/address`, 'utf8')),
);

for (const [kind, { Tool, argv, locks }] of Object.entries(tools)) {
  const skip = process.getuid?.() === 0 && existsSync(`/usr/bin/${kind}`) ? false : `root and ${kind} only`;
  const proven = (
    what: string,
    prove: (place: Place) => Promise<void>,
    lacking: string | false = false,
  ): void =>
    void test(`${kind}: ${what}`, { skip: skip || lacking }, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'cvt'));
      const others: ChildProcess[] = [];
      const [path, passwordFile] = [join(folder, 'repository'), join(folder, 'password')];
      writeFileSync(passwordFile, 'secret\n', { mode: 0o600 });
      for (const name of ['about', 'tree']) mkdirSync(join(folder, name));
      writeFileSync(join(folder, 'about/manifest.json'), '{}');
      const called = (host: Partial<ToolHost>): BackupTool =>
        new Tool(
          { name: 'default', path, passwordFile },
          { holder: 'ours', name: hostname(), memory: join(folder, 'memory'), ...host },
        );
      const kept = (more: Partial<Kept> = {}): Kept => ({
        ...{
          ...domain,
          takenAt: new Date(),
          leftOut: ['/a b'],
          isListed: false,
          about: join(folder, 'about'),
        },
        ...{ trees: new Map([['root', join(folder, 'tree')]]), within: (start) => start() },
        ...more,
      });
      const other = (): ChildProcess => {
        const env = {
          PATH: '/usr/bin:/bin',
          BORG_PASSCOMMAND: `cat ${passwordFile}`,
          BORG_BASE_DIR: join(folder, 'other'),
        };
        const child = spawn(kind, argv, { cwd: folder, env, stdio: ['pipe', 'ignore', 'ignore'] });
        others.push(child);
        return child;
      };
      try {
        const tool = called({});
        await tool.init();
        await prove({ folder, path, tool, called, other, kept });
      } finally {
        for (const child of others) child.kill('SIGKILL');
        execFileSync('rm', ['-rf', folder]);
      }
    });

  proven(
    'a repository in which somebody else works is busy, and one that lacks what it had is damaged',
    async ({ path, tool, other, kept }) => {
      await tool.check({ isWhole: true });
      const child = other();
      while (locks(path) === 0) await sleep(50);
      await assert.rejects(tool.check({ isWhole: true }), {
        code: 'busy',
        message:
          /^repository 'default' could not be checked: somebody else works in .* \(PID \d+ on \S+\), since \d{4}/,
      });
      const over = once(child, 'exit');
      child.stdin?.end('text');
      await over;
      await tool.take(kept(), {});
      const packs = readdirSync(join(path, 'data'), { recursive: true, withFileTypes: true });
      for (const one of packs) if (one.isFile()) rmSync(join(one.parentPath, one.name));
      await assert.rejects(tool.check({ isWhole: true }), { message: /^repository 'default' is damaged: / });
    },
  );

  proven(
    "a lock of somebody's run that was killed on this host goes at once, and none of who goes on or is elsewhere",
    async ({ path, tool, called, other }) => {
      const child = other();
      while (locks(path) === 0) await sleep(50);
      await assert.rejects(tool.check({ isWhole: false }), { code: 'busy' });
      const over = once(child, 'exit');
      child.kill('SIGKILL');
      await over;
      assert.equal(locks(path), 1);
      // Of another host nothing is known.
      await assert.rejects(called({ name: 'elsewhere' }).check({ isWhole: false }), { code: 'busy' });
      await tool.check({ isWhole: false });
      assert.equal(locks(path), 0);
    },
    kind === 'borg' &&
      !hasAddress &&
      'borg draws a name for a host none of whose links has a hardware address',
  );

  proven(
    'a file that is set back is read unless a backup is named since which that is known not to be so',
    async ({ folder, tool, kept }) => {
      const file = join(folder, 'tree/file');
      const write = (text: string, at = 1_000_000): void => {
        rmSync(file, { force: true });
        writeFileSync(file, text);
        utimesSync(file, at, at);
      };
      const back = async (id: string): Promise<string> => {
        const to = mkdtempSync(join(folder, 'to'));
        await tool.restore(id, { tree: 'root', paths: ['/file'] }, to, {});
        return readFileSync(join(tool.treeIn(to, 'root'), 'file'), 'utf8');
      };
      write('one');
      writeFileSync(join(folder, 'tree/later'), '');
      const first = await tool.take(kept({ isListed: true }), {});
      assert.ok(tool.remembers(first.id, domain.uuid));
      // Whatever is known of the first holds of it alone.
      write('two');
      const second = await tool.take(kept({ isListed: true }), {});
      assert.equal(await back(second.id), 'two');
      write('six');
      const third = await tool.take(kept({ isListed: false }), {});
      assert.equal(await back(third.id), 'six');
      // As if somebody had lied: what is told is what it goes by.
      const fourth = await tool.take(kept({ isListed: true, since: second.id }), {});
      assert.equal(await back(fourth.id), 'two');
      // What went in between is not what comes then.
      rmSync(file);
      const fifth = await tool.take(kept({ isListed: true, since: fourth.id }), {});
      write('new');
      const sixth = await tool.take(kept({ isListed: true, since: fifth.id }), {});
      assert.equal(await back(sixth.id), 'new');
      const all = await tool.list();
      assert.equal(all.length, 6);
      const { takenAt: _, ...told } = all.find(({ id }) => id === sixth.id) ?? assert.fail();
      assert.deepEqual(told, { id: sixth.id, uuid: domain.uuid, domain: domain.domain, leftOut: ['/a b'] });
      assert.equal(await tool.about(sixth.id, 'manifest.json'), '{}');
      await tool.forget([first.id, third.id], {});
      await tool.prune({});
      assert.equal((await tool.list()).length, 4);
      assert.deepEqual(await tool.check({ isWhole: true }), []);
    },
  );

  proven('a path that is too long for the kernel keeps nothing else from coming back', async (place) => {
    const { folder, tool, kept } = place;
    const deep = `import os
at = os.open('.', os.O_RDONLY)
for level in range(30):
  open(f'/proc/self/fd/{at}/file', 'w').write('text')
  os.mkdir('d' * 200, dir_fd=at)
  at = os.open('d' * 200, os.O_RDONLY, dir_fd=at)`;
    const tree = join(folder, 'tree');
    execFileSync('python3', ['-c', deep], { cwd: tree });
    const paths = await deepBelow(tree);
    assert.equal(paths.length, 1, paths.join());
    const { id } = await tool.take(kept(), {});
    const to = mkdtempSync(join(folder, 'to'));
    await tool.restore(id, { tree: 'root' }, to, {});
    const back = tool.treeIn(to, 'root');
    assert.equal(readFileSync(join(back, `${'d'.repeat(200)}/`.repeat(18), 'file'), 'utf8'), 'text');
  });

  proven('what is damaged is told by backup and file', async ({ folder, path, tool, kept }) => {
    const noise = join(folder, 'tree/noise');
    execFileSync('dd', ['if=/dev/urandom', `of=${noise}`, 'bs=1M', 'count=4', 'status=none']);
    const { id } = await tool.take(kept(), {});
    writeFileSync(join(folder, 'tree/other'), 'other');
    await tool.take(kept(), {});
    const packs = readdirSync(join(path, 'data'), { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name));
    const largest = packs.sort((a, b) => statSync(b).size - statSync(a).size)[0] ?? assert.fail();
    const bytes = readFileSync(largest);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    rmSync(largest);
    writeFileSync(largest, bytes);
    const hit = await tool.check({ isWhole: true });
    assert.ok(
      hit.some((one) => one.id === id && one.path === '/noise'),
      JSON.stringify(hit),
    );
    assert.ok(!hit.some(({ path }) => path === '/other'));
  });
}
