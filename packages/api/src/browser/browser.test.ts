// The browser's half of the contract, bundled as a page would have it, where nothing of Node is.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('./index.js', import.meta.url));

async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'ctvirt',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** Runs a script where only what every browser has is there. */
function inPage(script: string): { readonly [name: string]: unknown } {
  const page = createContext({ fetch, URLSearchParams, TextEncoder, TextDecoder });
  return runInContext(`${script}; ctvirt`, page);
}

test('nothing that the browser half imports is of Node', async () => {
  const script = await bundled(`export * from ${JSON.stringify(entry)}`);
  assert.doesNotMatch(script, /\bBuffer\b|\bprocess\.|require\(/);
  // Nor is what no page can have that forbids scripts made of texts, or needs at its first sight.
  assert.doesNotMatch(script, /new Function|typebox/i);
  await bundled(`export * from '../index.js'`);
  // The same bundler refuses the half for Node.
  await assert.rejects(bundled(`export * from '../node/index.js'`), /Could not resolve "node:http"/);
});

test('it calls a daemon, reads its lines and its errors, without any of Node', async (t) => {
  const keys: unknown[] = [];
  const server = createServer(({ url, headers }, response) => {
    keys.push(headers['x-ctvirt-key']);
    if (url === '/v1/profiles') response.end('[{"name":"ä","path":"/p","text":"t","findings":[]}]');
    else if (url === '/v1/events?domain=web') response.end('\n{"no":\n');
    else if (url === '/v1/domains/web') response.writeHead(204).end();
    else response.writeHead(404).end('{"code":"not-found","message":"none"}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const page = inPage(
    await bundled(`
      import { createClient } from ${JSON.stringify(entry)};
      const code = (call) => call.then(() => 'done', (error) => error.code);
      export async function run(url) {
        const client = createClient(url);
        const [profile] = await client.profiles.list();
        const events = await client.events.watch({ domain: 'web' });
        return [
          profile.name,
          await code(events[Symbol.asyncIterator]().next()),
          await code(client.domains.undefine({ domain: 'web' })),
          await code(client.domains.summary({ domain: 'other' })),
          await code(createClient('http://127.0.0.1:1').domains.list()),
          await code(createClient(url, { key: () => 'half' }).domains.undefine({ domain: 'web' })),
        ];
      }`),
  );
  const { run } = page;
  assert.ok(typeof run === 'function');
  assert.deepEqual(
    [...(await run(`http://127.0.0.1:${address.port}/`))],
    ['ä', 'bad-answer', 'done', 'not-found', 'unreachable', 'done'],
  );
  assert.deepEqual(keys, [...Array(4).fill(undefined), 'half']);
});
