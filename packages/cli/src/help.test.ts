// Help as it stands on a terminal.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { fitted, helpOverview, helpVerb } from './help.js';
import { verbs } from './verbs/index.js';

const terminal = (columns: number) => Object.assign(new PassThrough(), { isTTY: true, columns });

test('help is broken between words on a terminal, and below its own column', () => {
  const text = `${helpOverview(verbs)}${verbs.map(helpVerb).join('')}`;
  assert.equal(fitted(text, new PassThrough()), text);
  const narrow = fitted(text, terminal(80));
  const long = narrow.split('\n').filter((line) => line.length > 80 && line.trimStart().includes(' '));
  assert.deepEqual(
    long.filter((line) => !/^ *ctvirt /.test(line)),
    [],
  );
  const words = (of: string): readonly string[] => of.split(/\s+/);
  assert.deepEqual(words(narrow), words(text));
  assert.equal(
    fitted('  --json  Print data as JSON, and an error as a line of JSON on stderr\n', terminal(60)),
    '  --json  Print data as JSON, and an error as a line of JSON\n          on stderr\n',
  );
});
