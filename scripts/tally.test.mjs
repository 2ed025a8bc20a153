// What counts as a failure of `npm test`: each test that fails, and what fails where no test tells of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Tally } from './tally.mjs';

/** @type {Readonly<Record<string, { text: string, passed: number, failed: number }>>} */
const files = {
  'a good suite': { text: "describe('s', () => { test('t', () => {}); });", passed: 1, failed: 0 },
  'no test at all': { text: '', passed: 0, failed: 0 },
  'a test that fails': {
    text: "describe('s', () => { test('t', () => assert.fail()); });",
    passed: 0,
    failed: 1,
  },
  // The test that was not run fails, too.
  'a suite whose before throws': {
    text: "describe('s', () => { before(() => assert.fail()); test('t', () => {}); });",
    passed: 0,
    failed: 2,
  },
  'a suite whose after throws': {
    text: "describe('s', () => { after(() => assert.fail()); test('t', () => {}); });",
    passed: 1,
    failed: 1,
  },
  'a suite in another': {
    text: "describe('o', () => { describe('s', () => { after(() => assert.fail()); test('t', () => {}); }); });",
    passed: 1,
    failed: 1,
  },
  'a file whose after throws': {
    text: "after(() => assert.fail()); test('t', () => {});",
    passed: 1,
    failed: 1,
  },
  'a file that ends in its middle': { text: "test('t', () => {}); process.exit(3);", passed: 0, failed: 1 },
};

test('what fails counts, be it a test, a suite by its hooks, or a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-tally-'));
  const reporter = new URL('vm/reporter.mjs', import.meta.url).pathname;
  // Without this a test runner within a test runs nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  try {
    for (const [what, { text, passed, failed }] of Object.entries(files)) {
      const file = join(folder, 'one.test.mjs');
      const head =
        "import assert from 'node:assert/strict';\nimport { after, before, describe, test } from 'node:test';\n";
      writeFileSync(file, `${head}${text}\n`);
      const { stdout } = spawnSync(process.execPath, ['--test', `--test-reporter=${reporter}`, file], {
        encoding: 'utf8',
        env,
      });
      const tally = new Tally(() => undefined);
      const { count, failures } = tally.part([file]);
      for (const line of stdout.trim().split('\n')) count(JSON.parse(line));
      assert.equal(tally.text, `${passed} passed, ${failed} failed`, what);
      assert.equal(failures.length, failed, what);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
