// The packages for npm in a project that knows nothing of this repository: installed, imported, type-checked, bundled, their examples run.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { packForNpm, publicPackages } from './package/npm.mjs';
import { root } from './setup.mjs';

/** Outside of the repository, whose packages would be found otherwise. */
const project = mkdtempSync('/tmp/ctvirt-project-');
after(() => rmSync(project, { recursive: true }));
/** @param {string} name @param {string} content */
const write = (name, content) => writeFileSync(join(project, name), content);
/** @param {string} file @param {...string} args */
const run = (file, ...args) =>
  execFileSync(process.execPath, [file, ...args], { cwd: project, encoding: 'utf8' });
/** @param {string} name @param {number} at */
const example = (name, at = 0) => {
  const readme = readFileSync(join(project, 'node_modules/@ctvirt', name, 'README.md'), 'utf8');
  const [, code] = [...readme.matchAll(/```js\n(.*?)```/gs)][at];
  write(`${name}-${at}.mjs`, code);
  return `${name}-${at}.mjs`;
};

before(async () => {
  const archives = await packForNpm(project);
  write('package.json', JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  // Of what they depend on npm has been asked for the repository.
  const others = ['saxes', 'xmlchars', 'typebox'].map((name) => join(root, 'node_modules', name));
  const options = ['--offline', '--no-audit', '--no-fund', '--install-links', '--ignore-scripts'];
  execFileSync('npm', ['install', ...options, ...archives, ...others], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
});

/** @param {string} name */
const manifest = (name) =>
  JSON.parse(readFileSync(join(project, 'node_modules/@ctvirt', name, 'package.json'), 'utf8'));
/** What a program may import of them; what their tests share stays here. */
const entries = () =>
  publicPackages.flatMap((name) =>
    Object.keys(manifest(name).exports)
      .filter((entry) => entry !== './testing')
      .map((entry) => join('@ctvirt', name, entry)),
  );

test('each has its licence and a page, and no tests', () => {
  for (const name of publicPackages) {
    const folder = join(project, 'node_modules/@ctvirt', name);
    assert.match(readFileSync(join(folder, 'LICENSE'), 'utf8'), /Apache License/);
    assert.match(readFileSync(join(folder, 'README.md'), 'utf8'), new RegExp(`^# @ctvirt/${name}\n`));
    const found = execFileSync('find', [folder, '-name', '*.test.*', '-o', '-name', '*.map'], {
      encoding: 'utf8',
    });
    assert.equal(found, '');
  }
});

test('every entry can be imported, and has types that hold by themselves', () => {
  write(
    'all.mjs',
    entries()
      .map((entry) => `await import('${entry}');\n`)
      .join(''),
  );
  run('all.mjs');
  // Of Node's types the rpc package and the client for Node have need.
  symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'));
  write(
    'use.ts',
    `${entries()
      .map((entry, at) => `import * as all${at} from '${entry}';\nexport { all${at} };\n`)
      .join('')}
import { parseDomainOrThrow, type Domain } from '@ctvirt/xml';
import { createClient } from '@ctvirt/api/node';
import { connect } from '@ctvirt/rpc';
import { formats } from '@ctvirt/formats';
const domain: Domain = parseDomainOrThrow('<domain/>');
export const name: string = domain.name;
export const names: Promise<string[]> = createClient({ socketPath: '/x' }).domains.list().then((all) => all.map((one) => one.name));
export const host: Promise<string> = connect('lxc:///').then((connection) => connection.getHostname());
export const known: readonly string[] = Object.keys(formats);
// @ts-expect-error a domain has no such thing
export const none = domain.nothing;
`,
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  for (const module of ['nodenext', 'preserve']) {
    const options = ['--noEmit', '--strict', '--target', 'es2023', '--lib', 'es2023,dom,esnext.disposable'];
    try {
      run(tsc, ...options, '--types', 'node', '--module', module, 'use.ts');
    } catch (error) {
      assert.fail(`${module}: ${error instanceof Error && 'stdout' in error ? error.stdout : error}`);
    }
  }
});

test('the examples of their pages run', async () => {
  assert.match(run(example('xml')), /^0 \/sbin\/init \/\n<domain type='lxc'>/);
  assert.match(run(example('formats')), /<name>web<\/name>/);
  const socket = join(project, 'sock');
  const child = spawn(process.execPath, [example('rpc', 1), socket], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.match(String((await once(child.stdout, 'data'))[0]), /^listening on/);
  child.kill();
  await once(child, 'close');
});

test('the example of the HTTP contract runs, against a server that knows of one domain', async (t) => {
  const web = {
    ...{ id: 7, uuid: '8509a1d4-1569-4467-8b37-4e433a1ac7b1', type: 'lxc', title: null, reason: 'booted' },
    ...{ autostart: false, persistent: true, ctid: null, template: null, profile: null, hostname: 'web' },
  };
  const server = createServer((request, response) => {
    const isList = request.url === '/v1/domains';
    const body = isList
      ? [{ ...web, name: 'web', state: 'running', addresses: ['192.0.2.1'] }]
      : { code: 'not-found', message: "there is no domain 'absent'", details: {}, findings: [] };
    response.writeHead(isList ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  const socket = join(project, 'http.sock');
  await new Promise((resolve) => server.listen(socket, () => resolve(undefined)));
  t.after(() => server.close());
  const child = spawn(process.execPath, [example('api'), socket], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.equal(said, "web running 192.0.2.1\nthere is no domain 'absent'\n");
});

test("xml and the contract's client are bundled for browsers, and xml works where there is nothing but the language", async () => {
  write('page.js', "export { parseDomain, formatDomain } from '@ctvirt/xml';\n");
  write('client.js', "export { createClient } from '@ctvirt/api/browser';\n");
  /** @param {string} file */
  const bundle = async (file) => {
    const { outputFiles } = await build({
      absWorkingDir: project,
      entryPoints: [file],
      bundle: true,
      platform: 'browser',
      format: 'iife',
      globalName: 'page',
      write: false,
      logLevel: 'silent',
    });
    return outputFiles[0].text;
  };
  assert.match(await bundle('client.js'), /fetch\(/);
  const context = createContext({});
  runInContext(await bundle('page.js'), context);
  assert.match(
    runInContext(
      "page.formatDomain(page.parseDomain(\"<domain type='lxc'><name>a</name><filesystem><source dir='/r'/></filesystem></domain>\").domain)",
      context,
    ),
    /^<domain type='lxc'>\n {2}<name>a<\/name>/,
  );
});
