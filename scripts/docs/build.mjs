// Builds the site: one file for each page, the index of the search, what pages show or lead to. It needs no server and no network.
// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import MiniSearch from 'minisearch';
import { root } from '../setup.mjs';
import { allPages, partsOf } from './pages.mjs';
import { escaped, render } from './render.mjs';

/** @typedef {import('./pages.mjs').Page} Page */

const site = new URL('site/', import.meta.url).pathname;
/** Read by the page's own script, too. */
const searchOptions = JSON.parse(readFileSync(join(site, 'search-options.json'), 'utf8'));

/** @param {string} out */
export function buildSite(out) {
  rmSync(out, { recursive: true, force: true });
  const pages = allPages();
  const parts = partsOf(pages);
  const search = new MiniSearch(searchOptions);
  /** @type {Set<string>} */
  const assets = new Set();
  for (const page of pages) {
    const rendered = render(page);
    for (const asset of rendered.assets) assets.add(asset);
    for (const { anchor, heading, text } of rendered.sections)
      search.add({ id: `${page.url}#${anchor}`, page: page.title, heading, text });
    write(join(out, page.url), frame(page, parts, rendered.html));
  }
  for (const asset of assets) {
    mkdirSync(dirname(join(out, asset)), { recursive: true });
    copyFileSync(join(root, asset), join(out, asset));
  }
  const library = createRequire(import.meta.url).resolve('minisearch');
  copyFileSync(join(dirname(library), '../umd/index.js'), join(out, 'minisearch.js'));
  for (const name of ['site.css', 'search.js']) copyFileSync(join(site, name), join(out, name));
  // Scripts, since a page that is opened as a file may read no other.
  write(
    join(out, 'search-index.js'),
    `globalThis.ctvirtSearch = ${JSON.stringify({ options: searchOptions, index: search.toJSON() })};\n`,
  );
  return { pages, assets: [...assets], search };
}

/** @param {string} path @param {string} content */
function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/**
 * @param {Page} page
 * @param {readonly { title: string, pages: readonly Page[] }[]} parts
 * @param {string} html
 */
function frame(page, parts, html) {
  const up = posix.relative(posix.dirname(page.url), '.') || '.';
  /** @param {Page} one */
  const entry = (one) => {
    const here = one === page ? ' aria-current="page"' : '';
    return `<li><a href="${posix.relative(posix.dirname(page.url), one.url)}"${here}>${escaped(one.title)}</a></li>`;
  };
  const list = parts.map(
    (part) =>
      `<details${part.pages.includes(page) || part.title === 'Guide' ? ' open' : ''}><summary>${part.title}</summary><ul>${part.pages.map(entry).join('')}</ul></details>`,
  );
  return `<!doctype html>
<html lang="en" data-up="${up}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(page.title)}${page.path === 'README.md' ? '' : ' – ctvirt'}</title>
<link rel="stylesheet" href="${up}/site.css">
<script src="${up}/search.js" defer></script>
</head>
<body>
<header><a href="${up}/index.html">ctvirt</a><search><input type="search" placeholder="Search" aria-label="Search" autocomplete="off"><ol hidden></ol></search></header>
<nav aria-label="Pages">${list.join('\n')}</nav>
<main>
${html}</main>
</body>
</html>
`;
}
