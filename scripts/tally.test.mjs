// What counts as a failure of `npm test`: each test that fails, and what fails where no test tells of it; and what took longest.
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

/** @param {import('node:test').TestContext} t */
function scratch(t) {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-tally-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/**
 * Runs test files, each with such a text, and counts what they report.
 *
 * @param {string} folder
 * @param {Readonly<Record<string, string>>} texts
 */
function tallied(folder, texts) {
  const reporter = new URL('vm/reporter.mjs', import.meta.url).pathname;
  // Without this a test runner within a test runs nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const head =
    "import assert from 'node:assert/strict';\nimport { after, before, describe, test } from 'node:test';\n";
  const files = Object.entries(texts).map(([name, text]) => {
    const file = join(folder, name);
    writeFileSync(file, `${head}${text}\n`);
    return file;
  });
  const argv = ['--test', `--test-reporter=${reporter}`, ...files];
  const { stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8', env });
  const tally = new Tally(() => undefined);
  const { count, failures } = tally.part(files);
  for (const line of stdout.trim().split('\n')) count(JSON.parse(line));
  return { tally, failures };
}

test('what fails counts, be it a test, a suite by its hooks, or a file', (t) => {
  const folder = scratch(t);
  for (const [what, { text, passed, failed }] of Object.entries(files)) {
    const { tally, failures } = tallied(folder, { 'one.test.mjs': text });
    assert.equal(tally.text, `${passed} passed, ${failed} failed`, what);
    assert.equal(failures.length, failed, what);
  }
});

test('the files that took longest are told, with their hooks', (t) => {
  const { tally } = tallied(scratch(t), {
    'short.test.js': "test('t', () => {});",
    'long.test.js': "before(() => new Promise((done) => setTimeout(done, 2600))); test('t', () => {});",
  });
  const [, seconds] = /^long\.test (\d+) s, short\.test \d+ s$/.exec(tally.longest) ?? [];
  assert.ok(Number(seconds) >= 3, tally.longest);
});
