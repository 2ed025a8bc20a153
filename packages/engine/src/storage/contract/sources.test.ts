// Paths of documents in made-up trees of a host: none leads where another than root would have it lead.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { EngineError } from '../../errors.js';
import { isPathIn } from '../../host/paths.js';
import { Sources } from './sources.js';

const options = { skip: process.getuid?.() === 0 ? false : 'only root gives files away' };
const somebody = 1234;
let base: string;
let writable: string[];
let sources: Sources;

before(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'ctvirt-sources-')));
  chmodSync(base, 0o755);
  sources = new Sources({ own: [`${base}/own/lib`, `${base}/own/run`], writable: () => writable });
});
beforeEach(() => {
  writable = [];
});
after(() => rmSync(base, { recursive: true }));

function folder(path: string, { mode = 0o755, uid = 0 } = {}): string {
  const whole = join(base, path);
  mkdirSync(whole, { recursive: true });
  chmodSync(whole, mode);
  chownSync(whole, uid, 0);
  return whole;
}
function link(path: string, target: string, uid = 0): string {
  const whole = join(base, path);
  rmSync(whole, { force: true });
  symlinkSync(target, whole);
  lchownSync(whole, uid, 0);
  return whole;
}
const opened = (source: string, readOnly = true) => {
  using found = sources.open({ source, kind: 'mount', readOnly });
  return { path: found.path, remarks: found.remarks };
};
const isLinkAt = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
const denied = (source: string): void => {
  assert.throws(() => opened(source), { code: 'denied' }, source);
};

test("root's own links are followed, relative and absolute, up and down", options, () => {
  folder('plain/data');
  link('plain/near', 'data');
  link('plain/far', `${base}/plain/data`);
  link('plain/round', '../plain/./near/../near');
  for (const name of ['data', 'near', 'far', 'round', 'data/', './/data', 'data/../near'])
    assert.equal(opened(`${base}/plain/${name}`).path, `${base}/plain/data`, name);
  link('plain/circle', 'circle');
  assert.throws(() => opened(`${base}/plain/circle`), { code: 'invalid' });
  link('plain/nowhere', 'nothing');
  for (const name of ['none', 'none/none', 'nowhere'])
    assert.throws(() => opened(`${base}/plain/${name}`), { code: 'not-found' }, name);
  assert.throws(() => opened('plain'), { code: 'invalid' });
});

test('a link is not followed where another than root could have made it', options, () => {
  folder('target');
  folder('theirs', { uid: somebody });
  folder('group', { mode: 0o775 });
  folder('all', { mode: 0o777 });
  folder('sticky', { mode: 0o1777 });
  folder('theirs/roots');
  for (const at of ['theirs', 'group', 'all', 'theirs/roots']) denied(link(`${at}/link`, `${base}/target`));
  // As in /tmp: nobody but its owner can take it away.
  assert.equal(opened(link('sticky/mine', `${base}/target`)).path, `${base}/target`);
  denied(link('sticky/theirs', `${base}/target`, somebody));
  denied(link('group/again', 'link'));
});

test('a link is not followed in what a container writes to, where its root is root', options, () => {
  folder('shared/below/deep');
  folder('beside');
  link('shared/link', `${base}/beside`);
  link('shared/below/deep/link', `${base}/beside`);
  link('to-shared', 'shared');
  for (const source of ['shared/link', 'shared/below/deep/link', 'to-shared/link'])
    assert.equal(opened(`${base}/${source}`).path, `${base}/beside`);
  writable = [`${base}/to-shared`];
  for (const source of ['shared/link', 'shared/below/deep/link', 'to-shared/link'])
    denied(`${base}/${source}`);
  // What is no link stays there at all events.
  assert.equal(opened(`${base}/to-shared/below`).path, `${base}/shared/below`);
  writable = [`${base}/shared/below`, '/nothing/there'];
  assert.equal(opened(`${base}/shared/link`).path, `${base}/beside`);
});

test("the daemon's own, the kernel's, and what is above them", options, () => {
  folder('own/lib/roots/web');
  folder('own/run');
  folder('own/library');
  link('to-lib', `${base}/own/lib`);
  for (const source of [
    base,
    'own',
    'own/lib',
    'own/lib/roots/web',
    'own/run',
    'to-lib',
    'own/library/../run',
  ])
    denied(source.startsWith('/') ? source : `${base}/${source}`);
  assert.equal(opened(`${base}/own/library`).path, `${base}/own/library`);
  for (const source of ['/', '/proc', '/proc/self/root/tmp', '/sys/kernel', '/dev', '/dev/shm'])
    denied(source);
});

test("a link of the kernel's is not asked where it leads, whoever its process is", options, () => {
  link('to-proc', '/proc');
  for (const kind of ['mount', 'file', 'block', 'device'] as const)
    for (const source of ['/proc/1/root', '/proc/1/cwd/x', '/proc/self/fd', `${base}/to-proc/1/exe`])
      assert.throws(() => sources.open({ source, kind, readOnly: true })[Symbol.dispose](), {
        code: 'denied',
        message: `${source} is the kernel's own (/proc): neither a container nor a storage pool may have it`,
      });
});

test('what others could do is told, once for each thing', options, () => {
  folder('told', { uid: somebody });
  folder('told/data');
  assert.match(
    opened(`${base}/told/data`).remarks.join('\n'),
    /^[^\n]*in the place of [^\n]*told\/data[^\n]*$/,
  );
  folder('open');
  assert.match(opened(`${base}/open`, false).remarks.join('\n'), /^[^\n]*setuid[^\n]*$/);
  assert.deepEqual(opened(`${base}/open`).remarks, []);
  folder('shut', { mode: 0o700 });
  folder('shut/data');
  assert.deepEqual(opened(`${base}/shut/data`, false).remarks, []);
  writeFileSync(`${base}/image`, '', { mode: 0o666 });
  chmodSync(`${base}/image`, 0o666);
  using image = sources.open({ source: `${base}/image`, kind: 'file', readOnly: false });
  assert.match(image.remarks.join('\n'), /others than root can write to it/);
});

test(
  'in any tree: what is opened is what the kernel finds, and lies on no way that others made',
  options,
  () => {
    const names = ['a', 'b', 'c'] as const;
    const made = fc.record({
      at: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
      link: fc.option(fc.array(fc.constantFrom(...names, '..'), { minLength: 1, maxLength: 3 }), {
        nil: undefined,
      }),
      isTheirs: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(made, { maxLength: 12 }),
        fc.array(fc.constantFrom(...names, '..', '.'), { minLength: 1, maxLength: 5 }),
        (all, asked) => {
          const tree = folder('any/tree');
          rmSync(tree, { recursive: true });
          folder('any/tree');
          const theirs = new Set<string>();
          for (const { at, link: target, isTheirs } of all) {
            try {
              const name = join(tree, ...at);
              const parent = realpathSync.native(dirname(name));
              // Made through a link that leads out of the tree, it would lie anywhere on this host.
              if (!isPathIn(parent, realpathSync.native(tree))) continue;
              const path = join(parent, basename(name));
              if (target === undefined) mkdirSync(path);
              else symlinkSync(target.join('/'), path);
              if (isTheirs) lchownSync(path, somebody, 0);
              if (isTheirs) theirs.add(path);
            } catch {
              // in a folder that is not there, or there already
            }
          }
          const source = `${tree}/${asked.join('/')}`;
          let path: string;
          try {
            ({ path } = opened(source));
          } catch (error) {
            assert.ok(error instanceof EngineError, String(error));
            return;
          }
          // The kernel's own way: Node's takes `..` off the name before it looks at links.
          assert.equal(path, realpathSync.native(source));
          // Were every link of theirs to lead elsewhere, it would still be found: none was on the way.
          for (const each of theirs) {
            if (!isLinkAt(each)) continue;
            rmSync(each);
            symlinkSync('/', each);
            lchownSync(each, somebody, 0);
          }
          assert.equal(opened(source).path, path);
        },
      ),
      { numRuns: 300 },
    );
  },
);

test('who writes to what the host itself obeys is told, whoever may enter the folder', options, () => {
  const said = (source: string, readOnly: boolean): readonly string[] =>
    sources.remarks({ source, kind: 'mount', readOnly }, false);
  for (const source of ['/etc', '/root', '/usr/local', '/var/spool']) {
    const [message = '', ...more] = said(source, false);
    assert.match(message, /the host runs and obeys .*<readonly\/>/, source);
    assert.deepEqual(more, []);
    assert.deepEqual(said(source, true), []);
  }
  assert.deepEqual(said(folder('data', { mode: 0o700 }), false), []);
});
