// How a page looks: light and dark, wide and narrow, and to those who see it otherwise: twice as large, in their system's own colours, in a language with longer words.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { accessFaults, keepsPictures, pictures } from './browser.js';

/** The theme and the width of a window. */
type Look = readonly [theme: 'light' | 'dark', width: number];

/** What every page is looked at in. */
export const looks: readonly Look[] = [
  ['light', 1280],
  ['dark', 1280],
  ['dark', 390],
  ['light', 390],
];

/** Two of them have both colours and both widths, which is enough for what states change. */
export const looksOfStates: readonly Look[] = looks.filter(
  ([theme, width]) => (theme === 'light') === (width === 1280),
);

/** What is wrong with what a page shows now, in each of these looks; each is kept as a picture where those are wanted. */
export async function faultsInLooks(
  page: Page,
  name: string,
  inLooks: readonly Look[] = looks,
): Promise<string[]> {
  const faults: string[] = [];
  for (const [theme, width] of inLooks) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 820 });
    const found = await accessFaults(page, theme === 'light' && width === 1280 ? 'all' : 'looks');
    const moving = await page.evaluate(() => document.getAnimations().length);
    if (moving > 0) found.push(`${moving} things move for one who wants nothing to`);
    faults.push(...found.map((fault) => `${name}, ${theme}, ${width}: ${fault}`));
    if (keepsPictures) await page.screenshot({ path: `${pictures}/${name}-${theme}-${width}.png` });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 820 });
  return faults;
}

/** Charts follow in a frame or two. */
async function resize(page: Page, width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
}

/** A page of 1280 pixels at twice its size has half as many. */
async function enlarged(page: Page): Promise<string[]> {
  await resize(page, 640, 410);
  return await accessFaults(page, 'looks');
}

/** In forced colours backgrounds go: what a bar says has to be seen all the same, and so has what can be pressed. */
async function inForcedColours(page: Page): Promise<string[]> {
  await resize(page, 1280, 820);
  await page.emulateMedia({ forcedColors: 'active' });
  const faults = await page.evaluate(() => {
    const canvas = getComputedStyle(document.body).backgroundColor;
    const isDrawn = ({ borderTopWidth, borderTopStyle }: CSSStyleDeclaration) =>
      borderTopStyle !== 'none' && Number.parseFloat(borderTopWidth) > 0;
    const told: string[] = [];
    for (const one of document.querySelectorAll('.gauge .fill')) {
      const { backgroundColor, backgroundImage } = getComputedStyle(one);
      if (backgroundColor === canvas && backgroundImage === 'none')
        told.push(`nothing of a bar is seen: ${one.className}`);
    }
    for (const one of document.querySelectorAll('.button:not(.quiet), input.input, select.input, .badge'))
      if (!isDrawn(getComputedStyle(one))) told.push(`no edge: ${one.outerHTML.slice(0, 120)}`);
    return [...new Set(told)];
  });
  await page.emulateMedia({ forcedColors: 'none' });
  return faults;
}

/** Texts are 40 % longer, as German ones are; what then reaches beyond its box is a fault. */
async function withLongerTexts(page: Page, width: number): Promise<string[]> {
  await resize(page, width, 820);
  return await page.evaluate(() => {
    const boxes = 'button, .button, .badge, .pill, td, th, .card, .tabs, .side, .head, .bar, .note';
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const before = new Map<Text, string>();
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = node.nodeValue ?? '';
      // What machines wrote is in nobody's language.
      const isOurs =
        /\p{Letter}{2}/u.test(text) && node.parentElement?.closest('pre, code, .mono, svg') === null;
      if (isOurs && node instanceof Text) before.set(node, text);
    }
    for (const [node, text] of before)
      node.nodeValue = `${text}${' łōñģ'.repeat(9).slice(0, Math.ceil(text.trim().length * 0.4))}`;
    const faults: string[] = [];
    const overflow = document.documentElement.scrollWidth - innerWidth;
    if (overflow > 0) faults.push(`wider than its window by ${overflow} pixels`);
    const isCutOnPurpose = (from: Element, to: Element): boolean => {
      for (let at: Element | null = from; at !== null && at !== to.parentElement; at = at.parentElement)
        if (getComputedStyle(at).overflowX !== 'visible') return true;
      // Heads of a table that has become blocks are for those who hear them.
      const group = from.closest('thead, .hidden');
      return group !== null && getComputedStyle(group).clipPath !== 'none';
    };
    for (const [node, text] of before) {
      const parent = node.parentElement;
      const box = parent?.closest(boxes);
      if (parent === null || box === null || box === undefined || isCutOnPurpose(parent, box)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const [own, around] = [range.getBoundingClientRect(), box.getBoundingClientRect()];
      if (own.width > 0 && own.right > around.right + 1)
        faults.push(
          `'${text.trim().slice(0, 40)}' reaches ${Math.round(own.right - around.right)} pixels beyond its ${box.tagName.toLowerCase()}.${box.className}`,
        );
    }
    for (const [node, text] of before) node.nodeValue = text;
    return faults;
  });
}

/** What is wrong with a page in any of these looks; it is at its usual size again afterwards. */
export async function otherLooks(page: Page): Promise<string[]> {
  const looks = {
    'at 200 %': await enlarged(page),
    'in forced colours': await inForcedColours(page),
    'with longer texts': await withLongerTexts(page, 1280),
    'with longer texts, narrow': await withLongerTexts(page, 390),
  };
  await resize(page, 1280, 820);
  return Object.entries(looks).flatMap(([look, faults]) => faults.map((fault) => `${look}: ${fault}`));
}
