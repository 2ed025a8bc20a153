// Help, manual and reference tell of every verb, and what stands in docs/reference is what the source says.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openApiDocument, version } from '@ctvirt/api';
import { findVerb, parseVerb } from '../command-line.js';
import { helpOverview, helpVerb } from '../help.js';
import { invoke } from '../testing/harness.js';
import { verbs } from '../verbs/index.js';
import { formatMan } from './man.js';
import { formatMarkdown } from './markdown.js';

const fromRoot = (path: string): string =>
  readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');

/** The words after `ctvirt` in an example, without what only a shell understands. */
const wordsOf = (command: string): readonly string[] =>
  (/\bctvirt ([^>)"|]*)/.exec(command)?.[1] ?? '').trim().split(/\s+/);

test('no two verbs share a name', () => {
  const names = verbs.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
  assert.deepEqual(names, [...new Set(names)]);
});

test('every verb has an example that is a command line of that verb', () => {
  for (const verb of verbs) {
    const found = findVerb(wordsOf(verb.example.command), verbs);
    assert.equal(found?.verb, verb, verb.name);
    parseVerb(verb, found?.rest ?? []);
    assert.match(verb.example.does, /\.$/, verb.name);
    assert.doesNotMatch(verb.summary, /\.$/, verb.name);
  }
});

test('help, manual and reference hold every verb, its options and its example', async () => {
  const [overview, man, markdown] = [helpOverview(verbs), formatMan(verbs), formatMarkdown(verbs)];
  for (const verb of verbs) {
    const own = helpVerb(verb);
    assert.ok(own.includes(verb.example.command), verb.name);
    for (const option of Object.keys(verb.options))
      assert.ok(own.includes(`--${option}`), `${verb.name} --${option}`);
    assert.equal((await invoke([...verb.name.split(' '), '--help'])).out, own);
    assert.equal((await invoke(['help', ...verb.name.split(' ')])).out, own);
    if (verb.hidden) continue;
    assert.ok(overview.includes(`  ${verb.name} `), verb.name);
    assert.ok(markdown.includes(`### ${verb.name}\n`), verb.name);
    assert.ok(man.includes(`.SS ctvirt ${verb.name.replaceAll('-', '\\-')}`), verb.name);
  }
});

test('docs/reference is up to date (npm run gen)', () => {
  assert.equal(fromRoot('docs/reference/cli.md'), formatMarkdown(verbs));
  assert.equal(fromRoot('docs/reference/openapi.json'), `${JSON.stringify(openApiDocument(), null, 2)}\n`);
});

test("the version told is the packages' own", () => {
  for (const name of ['api', 'cli', 'daemon'])
    assert.equal(JSON.parse(fromRoot(`packages/${name}/package.json`)).version, version);
});
