// Errors in words: what a person needs is there, once.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '@ctvirt/api';
import { parseDomain } from '@ctvirt/xml';
import { CliError, describeError, describeFinding } from './errors.js';

test('a finding of the XML reader shows place, line and expectation, nothing twice', () => {
  const text =
    "<domain type='lxc'>\n  <name>web</name>\n  <devices><filesystem type='templat'/></devices>\n</domain>";
  const { findings } = parseDomain(text);
  const finding = findings.find(({ code }) => code === 'unknown-type');
  assert.ok(finding);
  const lines = describeFinding(finding, 'web.xml', false).split('\n');
  assert.match(lines[0] ?? '', /^web\.xml:3:\d+: error: .*'templat'.*'template'/);
  assert.equal(lines[1], "    <devices><filesystem type='templat'/></devices>");
  assert.match(lines[2] ?? '', /^ +\^$/);
  assert.equal(lines[3], '    at /domain/devices/filesystem/@type');
  assert.match(lines[4] ?? '', /^ {4}expected one of /);
  assert.deepEqual(lines.slice(5), ['']);
});

test('a finding without a line names the file alone', () => {
  const finding = {
    severity: 'warning',
    code: 'conflict',
    message: 'm',
    line: 0,
    column: 0,
    path: '',
  } as const;
  assert.equal(describeFinding(finding, 'web.xml', false), 'web.xml: warning: m\n');
});

test('every kind of error has a status and one head', () => {
  const cases = [
    [new CliError('usage', 'm'), 2],
    [new CliError('local', 'm'), 1],
    [new ApiError('not-found', 'm'), 3],
    [new ApiError('unreachable', 'm'), 15],
    [new TypeError('m'), 1],
    ['m', 1],
  ] as const;
  for (const [error, expected] of cases) {
    const { status, text } = describeError(error, false);
    assert.equal(status, expected);
    assert.match(text, /^error: .*m/);
  }
});
