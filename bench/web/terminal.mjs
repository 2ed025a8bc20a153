// A shell in a container, in a page: opened, asked, and looked at.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />

const patienceMs = 30_000;

/**
 * Opens one, which has the keyboard then.
 *
 * @param {import('./browser.mjs').Desk} desk
 * @param {string} domain
 */
export async function openShell({ page, url }, domain) {
  // Of each key when it was pressed, and when the page had a frame after that.
  await page.addInitScript(() => {
    /** @type {Map<string, { pressed: number, frame: number }>} */
    const keys = new Map();
    Object.assign(globalThis, { keys });
    addEventListener(
      'keydown',
      ({ key, timeStamp: pressed }) =>
        requestAnimationFrame(() => keys.set(key, { pressed, frame: performance.now() })),
      { capture: true },
    );
  });
  await page.goto(`${url}/domains/${domain}/terminal`);
  await page.getByRole('button', { name: 'Open a shell' }).click();
  await page.locator('.xterm-helper-textarea:focus').waitFor({ state: 'attached' });
  await untilPrompt(page);
}

/**
 * What became of a key that is pressed now, by the page's own clock.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} keys as Playwright calls them
 * @returns {Promise<{ pressed: number, frame: number }>}
 */
export async function pressed(page, keys) {
  const name = keys.split('+').at(-1) ?? '';
  await page.evaluate((key) => void Reflect.get(globalThis, 'keys').delete(key), name);
  await page.keyboard.press(keys);
  return await page.evaluate(
    async ({ key, most }) => {
      const until = performance.now() + most;
      for (;;) {
        const found = Reflect.get(globalThis, 'keys').get(key);
        if (found !== undefined) return found;
        if (performance.now() > until) throw new Error(`the page did not hear of ${key}`);
        await new Promise(requestAnimationFrame);
      }
    },
    { key: name, most: patienceMs },
  );
}

/**
 * When the last line is a prompt of a shell, by the page's own clock.
 *
 * @param {import('playwright-core').Page} page
 * @param {number} [mostMs]
 * @returns {Promise<number>}
 */
export const untilPrompt = (page, mostMs = patienceMs) =>
  page.evaluate(async (most) => {
    const until = performance.now() + most;
    for (;;) {
      const lines = [...document.querySelectorAll('.xterm-rows > div')].map((line) =>
        (line.textContent ?? '').trim(),
      );
      if (lines.findLast((line) => line !== '')?.endsWith('#')) return performance.now();
      if (performance.now() > until) throw new Error(`there is no prompt in:\n${lines.join('\n')}`);
      await new Promise(requestAnimationFrame);
    }
  }, mostMs);
