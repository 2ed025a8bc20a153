// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { commandFor } from './command.js';

test('a name that needs nothing stands as it is, and options behind it', () => {
  assert.equal(commandFor('root erase', ['web~1']), 'ctvirt root erase web~1');
  assert.equal(commandFor('console', ['wéb.example'], '--log'), 'ctvirt console wéb.example --log');
});

test('a shell reads the names that were meant, and no option, whatever they look like', () => {
  for (const name of [
    '-rf~1',
    '--all',
    '-',
    '~root',
    '$(id)',
    "it's",
    'a b',
    '`id`',
    'a;b',
    'a\\b',
    '*',
    'x=1',
    '#',
  ]) {
    const text = commandFor('root adopt', [name, 'web'], '--yes');
    const script = `ctvirt() { printf '%s\\n' "$@"; }; ${text}`;
    const words = execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\n').slice(0, -1);
    const isOption = name.startsWith('-');
    assert.deepEqual(
      words,
      isOption ? ['root', 'adopt', '--yes', '--', name, 'web'] : ['root', 'adopt', name, 'web', '--yes'],
    );
  }
});
