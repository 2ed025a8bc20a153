// How often a page is loaded again by itself.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

type Again = typeof import('./again.js');

/** A tab whose pages live until they load themselves again; `load` answers the program of the next. */
function tab(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const kept = new Map<string, string>();
  let pages = 0;
  let reloads = 0;
  const given = {
    sessionStorage: {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => kept.set(name, value),
      removeItem: (name: string) => kept.delete(name),
    },
    location: { reload: () => reloads++ },
    fetch: async () => ({ ok: true }),
  };
  for (const [name, value] of Object.entries(given))
    Object.defineProperty(globalThis, name, { value, configurable: true });
  return {
    reloads: () => reloads,
    load: async (): Promise<Again> => await import(`./again.js?page=${t.name}${pages++}`),
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 500) {
        t.mock.timers.tick(500);
        for (let turns = 0; turns < 3; turns++) await turn();
      }
    },
  };
}

for (const seconds of [0, 29, 31, 60, 300])
  test(`a page of which a part fails after ${seconds} seconds is loaded again three times`, async (t) => {
    const { load, pass, reloads } = tab(t);
    for (let page = 0; page < 6; page++) {
      if (reloads() < page) break;
      const { isWhole, lack, loadAgain } = await load();
      lack();
      isWhole();
      await pass(seconds * 1000);
      void loadAgain();
      await pass(1000);
    }
    assert.equal(reloads(), 3);
  });

test('what fails after all was there for a while fails for the first time', async (t) => {
  const { load, pass, reloads } = tab(t);
  for (let page = 0; page < 6; page++) {
    const { isWhole, lack, loadAgain } = await load();
    const has = lack();
    isWhole();
    has();
    await pass(31_000);
    void loadAgain();
    await pass(1000);
  }
  assert.equal(reloads(), 6);
});
