// Builds the web console into packages/console/dist: names with a hash of what is in them, each compressed beside itself, none larger than agreed.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib';
import { build } from 'esbuild';
import { root } from './setup.mjs';

const source = 'packages/console/src/';
const target = 'packages/console/dist/';

/** KiB as they come over the wire, by gzip: what each may be, and what of the sources begins it. */
export const budget = [
  { name: 'first load', most: 60, from: ['main.tsx', 'screens/overview.tsx', 'screens/domains.tsx'] },
  { name: 'terminal', most: 110, from: ['screens/domain-terminal.tsx'] },
  { name: 'editor', most: 185, from: ['parts/editor.ts'] },
];
const mostOfAll = 360;

/** @typedef {import('esbuild').Metafile} Metafile */

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  outdir: target,
  entryNames: '[name]-[hash]',
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};

/** xterm writes styles as texts, which the page's policy takes only with its nonce, or as properties. */
const xtermStyles = [
  {
    from: /([\w.]+)\.createElement\("style"\)/g,
    to: 'Object.assign($1.createElement("style"),{nonce:document.querySelector("meta[property=csp-nonce]")?.nonce})',
    times: 3,
  },
  { from: /(\w+)\.setAttribute\("style",(`[^`]*`)\)/g, to: '$1.style.cssText=$2', times: 1 },
];

/** @type {import('esbuild').Plugin} */
const underPolicy = {
  name: 'under-policy',
  setup: ({ onLoad }) => {
    onLoad({ filter: /@xterm\/xterm\/lib\/xterm\.mjs$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const { from, to, times } of xtermStyles) {
        const found = contents.match(from)?.length ?? 0;
        if (found !== times) throw new Error(`${path}: ${from} is there ${found} times, not ${times}`);
        contents = contents.replace(from, to);
      }
      return { contents, loader: 'js' };
    });
  },
};

/**
 * Every screen reaches what the first sight has, or the bundler would make a file of what each set of them shares.
 *
 * @type {import('esbuild').Plugin}
 */
const withCommon = {
  name: 'with-common',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/console\/src\/screens\/[\w-]+\.tsx$/ }, ({ path }) => ({
      contents: `import '../common.js';${readFileSync(path, 'utf8')}`,
      loader: 'tsx',
    }));
  },
};

/**
 * A file that was built, with those that it cannot do without.
 *
 * @param {Metafile} metafile
 * @param {string} file
 * @param {Set<string>} [seen]
 * @returns {Set<string>}
 */
function withStatic(metafile, file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const { path, kind } of metafile.outputs[file].imports)
    if (kind === 'import-statement') withStatic(metafile, path, seen);
  return seen;
}

/**
 * What was built of a source that others load when they need it; undefined where it is not there yet.
 *
 * @param {Metafile} metafile
 * @param {string} path
 */
const outputOf = (metafile, path) =>
  Object.keys(metafile.outputs).find((file) => metafile.outputs[file].entryPoint === source + path);

/**
 * Sizes by gzip, in KiB, each beside what it may be.
 *
 * @param {Metafile} metafile
 * @param {ReadonlyMap<string, number>} sizes
 */
function spent(metafile, sizes) {
  /** @param {Iterable<string>} files */
  const sum = (files) => [...files].reduce((bytes, file) => bytes + (sizes.get(file) ?? 0), 0) / 1024;
  /** @type {Set<string>} */
  const first = new Set();
  return [
    ...budget.map(({ name, most, from }) => {
      const isFirst = first.size === 0;
      /** @type {Set<string>} */
      const files = new Set();
      for (const path of from) {
        const file = outputOf(metafile, path);
        if (file !== undefined) for (const one of withStatic(metafile, file)) files.add(one);
      }
      if (isFirst) for (const file of sizes.keys()) if (/\.(css|html)$/.test(file)) files.add(file);
      const own = [...files].filter((file) => !first.has(file));
      if (isFirst) for (const file of own) first.add(file);
      return { name, most, kib: sum(own) };
    }),
    { name: 'all', most: mostOfAll, kib: sum(sizes.keys()) },
  ];
}

/** Builds it; throws where a part is larger than it may be. */
export async function buildConsole() {
  rmSync(root + target, { recursive: true, force: true });
  mkdirSync(root + target, { recursive: true });
  const { metafile, outputFiles } = await build({
    ...common,
    entryPoints: { main: `${source}main.tsx` },
    chunkNames: '[name]-[hash]',
    splitting: true,
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
    write: false,
    plugins: [underPolicy, withCommon],
  });
  // What notices that others did not come waits for none of them.
  const boot = await build({
    ...common,
    entryPoints: { boot: `${source}boot.ts` },
    format: 'iife',
    write: false,
  });
  /** @type {Map<string, Uint8Array>} */
  const files = new Map(
    [...outputFiles, ...boot.outputFiles].map(({ path, contents }) => [target + basename(path), contents]),
  );
  const page = readFileSync(`${root}${source}index.html`, 'utf8').replace(
    /\{\{(\w+)(\.\w+)\}\}/g,
    (_, name, ending) =>
      basename(
        [...files.keys()].find((file) => file.startsWith(`${target}${name}-`) && file.endsWith(ending)) ?? '',
      ),
  );
  files.set(`${target}index.html`, Buffer.from(page));
  /** @type {Map<string, number>} */
  const sizes = new Map();
  for (const [file, contents] of files) {
    const zipped = gzipSync(contents, { level: 9 });
    sizes.set(file, zipped.length);
    writeFileSync(root + file, contents);
    writeFileSync(`${root}${file}.gz`, zipped);
    writeFileSync(
      `${root}${file}.br`,
      brotliCompressSync(contents, { params: { [zlib.BROTLI_PARAM_SIZE_HINT]: contents.length } }),
    );
  }
  const parts = spent(metafile, sizes);
  console.log(
    `${target}: ${parts.map(({ name, kib, most }) => `${name} ${kib.toFixed(1)} of ${most} KiB`).join(', ')}`,
  );
  const over = parts.filter(({ kib, most }) => kib > most);
  if (over.length > 0)
    throw new Error(
      `the console is too large: ${over.map(({ name, kib, most }) => `${name} has ${kib.toFixed(1)} KiB of ${most}`).join(', ')}`,
    );
}
