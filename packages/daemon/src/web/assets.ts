// The page: its files as they were built, read once, and the policy under which a browser runs it.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** One file of the page. */
interface Asset {
  readonly type: string;
  /** Whether its name changes with it. */
  readonly isHashed: boolean;
  /** By what it is packed with; as it is by `identity`. */
  readonly bodies: ReadonlyMap<string, Buffer>;
}

/** The page's files by their paths; index.html is what every address of it begins with. */
export interface Assets {
  readonly files: ReadonlyMap<string, Asset>;
  readonly index: string | undefined;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};
/** What a file may lie beside itself as, the shortest first. */
const packings = { br: '.br', gzip: '.gz' } as const;
/** What a page's own styles are marked with, in the place of which each answer has a word of its own. */
const noncePlace = '{{nonce}}';

/** Beside a program that was installed, or where the build of this source tree puts it. */
export function pageFolder(program: string): string {
  const [installed, built] = ['console/', '../../console/dist/'].map((path) =>
    fileURLToPath(new URL(path, program)),
  );
  return installed !== undefined && existsSync(installed) ? installed : (built ?? '');
}

/** Reads what was built; nothing of a folder that is not there. */
export function readAssets(folder: string): Assets {
  if (!existsSync(folder)) return { files: new Map(), index: undefined };
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const all = new Set(names);
  const files = new Map<string, Asset>();
  for (const name of names) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const bodies = new Map([['identity', readFileSync(join(folder, name))]]);
    for (const [packing, ending] of Object.entries(packings))
      if (all.has(name + ending)) bodies.set(packing, readFileSync(join(folder, name + ending)));
    files.set(`/${name}`, { type, bodies, isHashed: /[.-][0-9A-Za-z_]{8,}\.\w+$/.test(name) });
  }
  const index = files.get('/index.html')?.bodies.get('identity')?.toString('utf8');
  files.delete('/index.html');
  return { files, index };
}

/** What the page may do: run its own files, speak to where it came from, and nothing else. */
const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');

/** Serves the files to anyone: they hold nothing of ours. Every address that is none of the daemon's is the page's. */
export function serveAssets(app: FastifyInstance, { files, index }: Assets): void {
  app.get('/*', { config: { role: 'anyone' } }, (request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    const asset = files.get(path);
    if (asset !== undefined) return sendAsset(asset, request, reply);
    const isPage = path === '/' || (request.headers.accept ?? '').includes('text/html');
    if (!isPage || /^\/v\d+\//.test(path)) return reply.callNotFound();
    if (index === undefined)
      return reply
        .code(404)
        .send({ code: 'not-found', message: 'the page was not built with this daemon: npm run build' });
    const nonce = randomBytes(16).toString('base64');
    return reply
      .headers({ 'content-security-policy': policy(nonce) })
      .type('text/html; charset=utf-8')
      .send(index.replaceAll(noncePlace, nonce));
  });
}

function sendAsset({ type, isHashed, bodies }: Asset, request: FastifyRequest, reply: FastifyReply): unknown {
  const taken = (request.headers['accept-encoding'] ?? '').split(',').map((one) => one.split(';')[0]?.trim());
  const packing = Object.keys(packings).find((one) => taken.includes(one) && bodies.has(one));
  if (packing !== undefined) reply.header('content-encoding', packing);
  return reply
    .headers({
      vary: 'accept-encoding',
      'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
    .type(type)
    .send(bodies.get(packing ?? 'identity'));
}
