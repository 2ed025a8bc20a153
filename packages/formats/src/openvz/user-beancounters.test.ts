// The text of /proc/user_beancounters, read as OpenVZ's users' scripts read it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beancounters } from './parameters.js';
import { formatUserBeancounters } from './user-beancounters.js';

const lines = beancounters.map(({ key }) => ({
  resource: key.toLowerCase(),
  held: 1301153,
  maxheld: 3963508,
  barrier: 14372700,
  limit: key === 'PHYSPAGES' ? null : 14790164,
  failcnt: key === 'NUMFILE' ? null : 7,
}));
const text = formatUserBeancounters([
  { uid: '101', lines },
  { uid: '4711', lines },
]);

test('columns stand where a 64-bit kernel put them', () => {
  const [version, head, first, second] = text.split('\n');
  assert.equal(version, 'Version: 2.5');
  assert.equal(
    head,
    '       uid  resource                     held              maxheld              barrier                limit              failcnt',
  );
  assert.equal(
    first,
    '      101:  kmemsize                  1301153              3963508             14372700             14790164                    7',
  );
  assert.match(second ?? '', /^ {12}lockedpages {15}1301153 /);
});

test('each container has the rows of the kernel in its order, dummies and swappages among them', () => {
  const words = text
    .trimEnd()
    .split('\n')
    .slice(2)
    .map((line) => line.trim().split(/\s+/));
  const starts = words.flatMap(([word], at) => (/^\d+:$/.test(word ?? '') ? [at] : []));
  assert.deepEqual(starts, [0, 25]);
  const names = words.slice(0, 25).map((parts) => parts.at(-6));
  assert.equal(names.length, 25);
  assert.deepEqual(names.slice(0, 7), [
    'kmemsize',
    'lockedpages',
    'privvmpages',
    'shmpages',
    'dummy',
    'numproc',
    'physpages',
  ]);
  assert.deepEqual(names.slice(-6), ['numfile', 'dummy', 'dummy', 'dummy', 'numiptent', 'swappages']);
  for (const parts of words)
    assert.ok(
      parts.slice(-5).every((value) => /^\d+$/.test(value)),
      parts.join(' '),
    );
});

test('unlimited is LONG_MAX, what is not known is 0', () => {
  assert.match(text, /physpages +1301153 +3963508 +14372700 +9223372036854775807 +7\n/);
  assert.match(text, /numfile +1301153 +3963508 +14372700 +14790164 +0\n/);
});
