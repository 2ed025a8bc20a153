// The package as others use it: the README's example as it stands, and no need of Node.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
// biome-ignore lint/correctness/noUndeclaredDependencies: the bundler of the repository's root, for this test alone
import { buildSync } from 'esbuild';

const folder = new URL('..', import.meta.url).pathname;

test("the README's example works as pasted, and is five lines", () => {
  const [, code = ''] = /```js\n(.*?)```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? [];
  assert.equal(code.trim().split('\n').length, 5);
  const place = mkdtempSync(join(folder, 'dist', 'readme-'));
  try {
    writeFileSync(join(place, 'example.mjs'), code);
    const out = execFileSync(process.execPath, [join(place, 'example.mjs')], { encoding: 'utf8' });
    assert.match(
      out,
      /^0 \/sbin\/init \/\n<domain type='lxc'>\n {2}<name>a<\/name>\n {2}<memory unit='KiB'>524288</,
    );
  } finally {
    rmSync(place, { recursive: true });
  }
});

test("sources import nothing of Node's, but for tests", () => {
  const sources = (readdirSync(join(folder, 'src'), { recursive: true }) as string[]).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing/'),
  );
  assert.ok(sources.length > 40);
  for (const name of sources) {
    const text = readFileSync(join(folder, 'src', name), 'utf8');
    assert.doesNotMatch(text, /from 'node:|\brequire\(|\bprocess\.\w|\bBuffer\b/, name);
  }
});

test('a bundle for browsers reads and writes where there is nothing but the language', () => {
  const entry = join(folder, 'dist', 'index.js');
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'xml',
    write: false,
    logLevel: 'silent',
  });
  const context = createContext({});
  runInContext(outputFiles[0]?.text ?? '', context);
  const written: unknown = runInContext(
    `const { domain } = xml.parseDomain("<domain type='vserver'><name>a</name><devices><filesystem><source dir='/r'/><target dir='/'/></filesystem></devices></domain>");
     xml.formatDomain(domain) + xml.parseDomain('<domian/>').findings[0].suggestion + xml.explain('vcpu').length + xml.domainRelaxNg().length`,
    context,
  );
  assert.match(String(written), /^<domain type='vserver'>\n.*<\/domain>\ndomain\d{4,}$/s);
});
