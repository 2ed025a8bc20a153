// Two hands for one page: a mouse, and keys alone. What they are told is what a person sees: a button or a link and its name.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';

type Kind = 'button' | 'link';

/** What somebody does with a page. */
export interface Hand {
  /** Uses the first of that kind and name; in a dialog if that is said. */
  use(kind: Kind, name: string, where?: 'dialog'): Promise<void>;
  /** Writes into a field whose label begins so, in the place of what is there. */
  type(label: string, text: string): Promise<void>;
}

/** Points, clicks, and types where it clicked. */
export class Mouse implements Hand {
  constructor(private readonly page: Page) {}

  async use(kind: Kind, name: string, where?: 'dialog'): Promise<void> {
    const within = where === 'dialog' ? this.page.locator('dialog') : this.page.locator('body');
    await within.getByRole(kind, { name, exact: true }).first().click();
  }

  async type(label: string, text: string): Promise<void> {
    const field: Locator = this.page.getByLabel(new RegExp(`^${label}`)).last();
    await field.click();
    await field.fill(text);
  }
}

/** Presses Tab until the focus is there, and Enter. */
export class Keyboard implements Hand {
  constructor(private readonly page: Page) {}

  async use(kind: Kind, name: string, where?: 'dialog'): Promise<void> {
    await this.page.getByRole(kind, { name, exact: true }).first().waitFor();
    await this.#tabTo(kind === 'link' ? 'A' : 'BUTTON', name, true, where);
    await this.page.keyboard.press('Enter');
  }

  async type(label: string, text: string): Promise<void> {
    await this.#tabTo('INPUT,TEXTAREA', label, false);
    await this.page.keyboard.press('Control+a');
    await this.page.keyboard.insertText(text);
  }

  async #tabTo(tags: string, name: string, isWhole: boolean, where?: 'dialog'): Promise<void> {
    const isThere = () =>
      this.page.evaluate(
        ([wantedTags, wanted, whole, within]) => {
          const { activeElement: at } = document;
          if (at === null || !wantedTags.split(',').includes(at.tagName)) return false;
          if (within === 'dialog' && at.closest('dialog') === null) return false;
          const label = at.closest('label')?.querySelector('span')?.textContent;
          const said = (at.getAttribute('aria-label') ?? label ?? at.textContent ?? '').trim();
          return whole ? said === wanted : said.startsWith(wanted);
        },
        [tags, name, isWhole, where] as const,
      );
    for (let presses = 0; presses < 200; presses++) {
      if (await isThere()) return;
      await this.page.keyboard.press('Tab');
    }
    assert.fail(`no ${tags.toLowerCase()} '${name}' has the focus however often Tab is pressed`);
  }
}

/** Either of them, by how a test is called that has it. */
export const hands: Readonly<Record<string, (page: Page) => Hand>> = {
  'by mouse': (page) => new Mouse(page),
  'by keys alone': (page) => new Keyboard(page),
};
