// Which pages the site has, what they are called, and where they stand in its list.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root } from '../setup.mjs';

/**
 * A page by its path in the repository; `url` is the same in the site.
 *
 * @typedef {{ path: string, url: string, title: string, text: string }} Page
 */

/** @param {string} folder */
const markdownBelow = (folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join(folder, name))
    .sort();

/** @param {string} path */
export const urlOf = (path) => path.replace(/(^|\/)README\.md$/, '$1index.md').replace(/\.md$/, '.html');

/** @param {string} path @returns {Page} */
function pageAt(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const [, title = path] = /^# (.*)$/m.exec(text) ?? [];
  return { path, url: urlOf(path), title: title.replace(/[`*_\\]/g, ''), text };
}

/** @returns {Page[]} */
export const allPages = () =>
  ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', ...markdownBelow('docs')]
    .filter((path) => existsSync(join(root, path)))
    .map(pageAt);

/** Which folder of pages is which part of the list; the longest that fits. */
const parts = [
  { title: 'Guide', folder: 'docs/guide/' },
  { title: 'Reference', folder: 'docs/reference/' },
  { title: 'Documents', folder: 'docs/reference/xml/' },
  { title: 'Decisions', folder: 'docs/decisions/' },
  { title: 'The project', folder: '' },
];

/**
 * The list beside each page. A folder's own page, if it has one, says which others come first.
 *
 * @param {readonly Page[]} pages
 */
export function partsOf(pages) {
  /** @param {Page} page */
  const folderOf = ({ path }) =>
    parts
      .map(({ folder }) => folder)
      .filter((folder) => path.startsWith(folder))
      .reduce((longest, folder) => (folder.length > longest.length ? folder : longest));
  return parts.map(({ title, folder }) => {
    const own = pages.filter((page) => folderOf(page) === folder);
    const first = own.find(({ path }) => path === `${folder}README.md`);
    const named = [...(first?.text.matchAll(/\]\(([\w-]+\.md)\)/g) ?? [])].map(([, name]) => folder + name);
    /** @param {Page} page */
    const rank = (page) => {
      const at = named.indexOf(page.path);
      if (page === first) return -1;
      return at < 0 ? named.length : at;
    };
    return { title, pages: own.sort((a, b) => rank(a) - rank(b)) };
  });
}
