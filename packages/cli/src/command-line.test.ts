// Words to verbs, arguments and options: any words, and the careful cases.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findVerb, type ParsedCommand, parseVerb } from './command-line.js';
import { CliError } from './errors.js';
import { verbs } from './verbs/index.js';

function parse(...words: readonly string[]): ParsedCommand {
  const found = findVerb(words, verbs);
  assert.ok(found);
  return parseVerb(found.verb, found.rest);
}

test('any words are parsed or refused in words', () => {
  const known = verbs.flatMap(({ name, options }) => [
    ...name.split(' '),
    ...Object.keys(options).map((option) => `--${option}`),
  ]);
  const anyWord = fc.oneof(
    fc.constantFrom(...known, '--', '-', '-q', '--json', '--root', '--socket=x'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(anyWord, { maxLength: 8 }), (words) => {
      try {
        const found = findVerb(words, verbs);
        if (found !== undefined) parseVerb(found.verb, found.rest);
      } catch (error) {
        assert.ok(error instanceof CliError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('options of every verb stand before or after it', () => {
  for (const words of [
    ['--root', '/r', '-q', 'template', 'list', '--json'],
    ['template', '--root=/r', 'list', '-q', '--json'],
    ['template', 'list', '--json', '--root', '/r', '--quiet'],
  ]) {
    const { verb, options } = parse(...words);
    assert.equal(verb.name, 'template list');
    assert.deepEqual([options['root'], options['quiet'], options['json']], ['/r', true, true]);
  }
});

test('files stand before, between and after options', () => {
  const files = Array.from({ length: 100 }, (_, at) => `${at}.xml`);
  for (const words of [
    ['xml', 'validate', '--strict', '--root', '/r', ...files],
    ['xml', 'validate', ...files, '--root', '/r', '--strict'],
    ['--root', '/r', 'xml', 'validate', ...files.slice(0, 50), '--strict', ...files.slice(50)],
    ['xml', 'validate', '--root=/r', '--strict', '--', ...files],
  ]) {
    const { args, options } = parse(...words);
    assert.deepEqual([args['file'], options['root'], options['strict']], [files, '/r', true]);
  }
  assert.deepEqual(parse('xml', 'validate', '-', 'a', '--', '-b').args, { file: ['-', 'a', '-b'] });
});

test('exec leaves the options of its program alone', () => {
  const command = ['ls', '-l', '--all', '--', 'x', '-t'];
  const plain = parse('exec', '-t', '-e', 'A=1', '--env=B=2', 'web', ...command);
  const marked = parse('exec', '-te', 'A=1', '-e', 'B=2', 'web', '--', ...command);
  for (const { args, options } of [plain, marked]) {
    assert.deepEqual(args, { domain: 'web', command });
    assert.equal(options['tty'], true);
    assert.deepEqual(options['env'], ['A=1', 'B=2']);
  }
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (argv) => {
      assert.deepEqual(parse('exec', 'web', '--', ...argv).args['command'], argv);
    }),
  );
});

test('a name that looks like an option stands behind --', () => {
  assert.equal(parse('suspend', '--', '--all').args['domain'], '--all');
  assert.equal(parse('define', '-').args['file'], '-');
});

test("a name of an object's own members is no option", () => {
  for (const name of ['__proto__', 'constructor', 'toString'])
    assert.throws(() => parse('list', `--${name}`), { code: 'usage' });
});
