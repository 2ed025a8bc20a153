// The site as a reader meets it: every link leads to a page and a place on it, the search finds, and nothing comes from elsewhere.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { after, test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { buildSite } from './docs/build.mjs';

const out = mkdtempSync('/tmp/ctvirt-docs-');
after(() => rmSync(out, { recursive: true }));
const { pages } = buildSite(out);
/** @param {string} url */
const read = (url) => readFileSync(join(out, url), 'utf8');
/** @param {string} html @param {RegExp} attribute */
const all = (html, attribute) => [...html.matchAll(attribute)].map(([, value]) => value);
/** @type {Map<string, Set<string>>} */
const anchors = new Map(pages.map(({ url }) => [url, new Set(all(read(url), / id="([^"]*)"/g))]));

test('every link leads to a page or a file, and every anchor to a place', () => {
  const broken = pages.flatMap(({ path, url }) =>
    all(read(url), / (?:href|src)="([^"]*)"/g)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [file, anchor] = target.split('#');
        const found = file === '' ? url : posix.normalize(posix.join(posix.dirname(url), file));
        if (!existsSync(join(out, found)) || found.endsWith('/')) return true;
        return anchor !== undefined && anchors.get(found)?.has(decodeURIComponent(anchor)) !== true;
      })
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('nothing of a page comes from elsewhere, and no element of a document was taken for one of a page', () => {
  const known =
    /^(!doctype|html|head|meta|title|link|script|body|header|search|input|ol|ul|li|nav|details|summary|main|h[1-6]|p|a|code|pre|em|strong|table|thead|tbody|tr|th|td|img|blockquote|hr|br)$/;
  for (const { path, url } of pages) {
    const html = read(url).replace(/<!--[\s\S]*?-->/g, '');
    assert.deepEqual(all(html, /<(?:link|script|img)[^>]* (?:href|src)="(\w+:[^"]*)"/g), [], path);
    const strange = all(html, /<\/?([a-z!][\w:-]*)/gi).filter((tag) => !known.test(tag));
    assert.deepEqual([...new Set(strange)], [], path);
  }
});

test('each page is in the list, once', () => {
  const list = /<nav[\s\S]*<\/nav>/.exec(read('index.html'))?.[0] ?? '';
  const listed = all(list, / href="([^"]*)"/g);
  assert.deepEqual([...listed].sort(), pages.map(({ url }) => url).sort());
  const [first, second] = listed.filter((url) => url.startsWith('docs/guide/'));
  assert.deepEqual([first, second], ['docs/guide/index.html', 'docs/guide/install.html']);
});

test('the search, by the files that a page loads, finds where a thing is told', () => {
  const context = createContext({});
  // What a browser would do with the two scripts.
  for (const name of ['minisearch.js', 'search-index.js']) runInContext(read(name), context);
  /** @param {string} words @returns {string[]} */
  const find = (words) => {
    const script = `JSON.stringify(MiniSearch.loadJS(ctvirtSearch.index, ctvirtSearch.options).search(${JSON.stringify(words)}).map(({ id }) => id))`;
    return JSON.parse(runInContext(script, context));
  };
  for (const [words, place] of /** @type {const} */ ([
    ['DISKSPACE', 'docs/reference/parameters.html'],
    ['private area openvz', 'docs/guide/from-openvz.html'],
    ['rescue shell', 'docs/guide/when-it-does-not-start.html'],
    ['ansible', 'docs/guide/automation.html'],
    ['keyctl', 'docs/guide/walls.html'],
  ]))
    assert.ok(
      find(words)
        .slice(0, 12)
        .some((id) => id.startsWith(place)),
      `${words}: ${find(words).slice(0, 12).join(' ')}`,
    );
  for (const id of find('network'))
    assert.ok(anchors.get(id.split('#')[0])?.has(id.split('#')[1]), `no such place: ${id}`);
});
