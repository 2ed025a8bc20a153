// Markdown as GitHub reads it, to HTML whose links lead to pages of the site.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import MarkdownIt from 'markdown-it';
import { root } from '../setup.mjs';
import { urlOf } from './pages.mjs';

/** A heading with what stands below it. @typedef {{ anchor: string, heading: string, text: string }} Section */

const markdown = new MarkdownIt({ html: true });

/** The anchor of a heading as GitHub makes it. @param {string} heading */
const slugOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-');

/** @typedef {import('markdown-it/lib/token.mjs').default} Token */

/** @param {Token} inline */
const wordsOf = ({ children }) =>
  (children ?? [])
    .map(({ type, content }) => (type === 'softbreak' || type === 'hardbreak' ? ' ' : content))
    .join('');

/**
 * @param {string} from path of the page
 * @param {string} target
 */
function fileOf(from, target) {
  const path = posix.normalize(posix.join(posix.dirname(from), decodeURI(target)));
  return existsSync(join(root, path)) && statSync(join(root, path)).isFile() ? path : undefined;
}

/**
 * @param {import('./pages.mjs').Page} page
 * @returns {{ html: string, sections: Section[], assets: string[] }}
 */
export function render({ path, text }) {
  const tokens = markdown.parse(text, {});
  /** @type {string[]} */
  const assets = [];
  /** @type {(token: Token, name: 'href' | 'src') => void} */
  const lead = (token, name) => {
    const [target = '', anchor] = (token.attrGet(name) ?? '').split('#');
    if (target === '' || /^\w+:/.test(target)) return;
    const file = fileOf(path, target);
    if (file === undefined) return;
    if (!file.endsWith('.md')) assets.push(file);
    const url = posix.relative(posix.dirname(urlOf(path)), urlOf(file));
    token.attrSet(name, anchor === undefined ? url : `${url}#${anchor}`);
  };
  for (const { children } of tokens)
    for (const child of children ?? []) {
      if (child.type === 'link_open') lead(child, 'href');
      if (child.type === 'image') lead(child, 'src');
    }
  const sections = sectionsOf(tokens);
  return { html: markdown.renderer.render(tokens, markdown.options, {}), sections, assets };
}

/**
 * Gives each heading its anchor, and takes out what the search goes through.
 *
 * @param {readonly Token[]} tokens
 */
function sectionsOf(tokens) {
  /** @type {Section[]} */
  const sections = [];
  /** @type {Map<string, number>} */
  const seen = new Map();
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const heading = wordsOf(tokens[at + 1]);
      const slug = slugOf(heading);
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      const anchor = times === 0 ? slug : `${slug}-${times}`;
      token.attrSet('id', anchor);
      sections.push({ anchor, heading, text: '' });
      continue;
    }
    const section = sections.at(-1);
    if (section === undefined) continue;
    if (token.type === 'inline' && tokens[at - 1]?.type !== 'heading_open')
      section.text += `${wordsOf(token)}\n`;
    if (token.type === 'fence' || token.type === 'code_block') section.text += `${token.content}\n`;
  }
  return sections;
}

/** @param {string} text */
export const escaped = (text) => markdown.utils.escapeHtml(text);
