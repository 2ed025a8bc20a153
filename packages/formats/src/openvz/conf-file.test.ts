// Tests of the configuration file grammar: reading, duplicates, editing in place, the UUID comment.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../errors.js';
import { processorMs } from '../testing/processor-time.js';
import {
  confLine,
  editConf,
  effectiveValues,
  parseConf,
  readUuid,
  unwritableIn,
  writeUuid,
} from './conf-file.js';

const braced = '$' + '{VEID}';
const valueIn = (text: string, key: string) => effectiveValues(parseConf(text)).values.get(key)?.value;

test('one physical line is one entry, unescaped, quoted or not', () => {
  const file = parseConf(
    [
      '# comment',
      '',
      '  NAME="web one"  ',
      'HOSTNAME=ct.example # note',
      'KMEMSIZE="1:2" # note',
      'DESCRIPTION=a\\"b',
      'no separator',
      'VE_ROOT="/vz',
      "OSTEMPLATE='x'",
      'KEY ="v"',
      'IP_ADDRESS=""',
      '\\# also a comment',
      `${'K'.repeat(512)}=1`,
      'NUM\u0085PROC=5',
    ].join('\n'),
  );
  assert.deepEqual(
    file.entries.map(({ line, key, value }) => [line, key, value]),
    [
      [3, 'NAME', 'web one'],
      [4, 'HOSTNAME', 'ct.example # note'],
      [5, 'KMEMSIZE', '1:2'],
      [6, 'DESCRIPTION', 'a"b'],
      [9, 'OSTEMPLATE', "'x'"],
      [10, 'KEY ', 'v'],
      [11, 'IP_ADDRESS', ''],
    ],
  );
  assert.deepEqual(
    file.warnings.map(({ line, code }) => [line, code]),
    [
      [7, 'no-separator'],
      [8, 'unmatched-quote'],
      [13, 'long-key'],
      [14, 'control-character'],
    ],
  );
});

test('a note after an unquoted value is a comment only where the value cannot hold blanks', () => {
  const { values, warnings } = effectiveValues(parseConf('CPUUNITS=1000 # half\nNAMESERVER=1.1.1.1 #x\n'));
  assert.equal(values.get('CPUUNITS')?.value, '1000');
  assert.equal(values.get('NAMESERVER')?.value, '1.1.1.1 #x');
  assert.deepEqual(
    warnings.map(({ line, code }) => [line, code]),
    [[1, 'trailing-comment']],
  );
});

test('a key given twice follows its own rule', () => {
  const text =
    'CPUUNITS="1"\nCPUUNITS="2"\nNUMPROC="1"\nNUMPROC="2"\nIP_ADDRESS="10.0.0.1"\nIP_ADDRESS="10.0.0.2"\nX_ODD=1\nX_ODD=2\nDCACHE=5\nDCACHESIZE=6\n';
  const { values, warnings } = effectiveValues(parseConf(text));
  assert.equal(values.get('CPUUNITS')?.value, '1');
  assert.equal(values.get('NUMPROC')?.value, '2');
  assert.equal(values.get('IP_ADDRESS')?.value, '10.0.0.1 10.0.0.2');
  assert.deepEqual(values.get('IP_ADDRESS')?.lines, [5, 6]);
  assert.equal(values.get('X_ODD')?.value, '2');
  assert.equal(values.get('DCACHESIZE')?.value, '6');
  assert.deepEqual(
    warnings.map(({ line }) => line),
    [2, 4, 8, 10],
  );
});

test('an edit keeps comments, unknown keys and order', () => {
  const text =
    '# mine\nNUMPROC="240"\nODD=x\n  HOSTNAME="old"\nNUMPROC="10"\n#UUID: 8509a1d4-1569-4467-8b37-4e433a1ac7b1\n';
  const edited = editConf(
    text,
    new Map([
      ['NUMPROC', '100'],
      ['HOSTNAME', 'new'],
      ['ODD', undefined],
      ['NAME', 'web'],
    ]),
  );
  assert.equal(
    edited,
    '# mine\nNUMPROC="100"\nHOSTNAME="new"\n#UUID: 8509a1d4-1569-4467-8b37-4e433a1ac7b1\nNAME="web"\n',
  );
  assert.equal(editConf(text, new Map([['NUMPROC', '10']])), text);
  assert.equal(editConf('A="1"\r\nNAME="x"\r\n', new Map([['NAME', 'y']])), 'A="1"\r\nNAME="y"\r\n');
  assert.equal(editConf('DCACHE="1"\n', new Map([['DCACHESIZE', '2']])), 'DCACHESIZE="2"\n');
  assert.equal(editConf('', new Map([['NAME', 'x']])), 'NAME="x"\n');
});

test('a value that a tool or a shell would misread is refused', () => {
  for (const value of ['a"b', '`id`', '$(id)', '$HOME', '$VEIDX', 'a\\b', 'a\nb', 'a\0b'])
    assert.throws(
      () => confLine('DESCRIPTION', value),
      (error) => error instanceof FormatError && error.code === 'unwritable',
      value,
    );
  assert.equal(confLine('VE_ROOT', '/vz/root/$VEID'), 'VE_ROOT="/vz/root/$VEID"');
  assert.equal(confLine('VE_ROOT', `/vz/${braced}`), `VE_ROOT="/vz/${braced}"`);
  assert.throws(() => confLine('A B', '1'), FormatError);
});

test('the UUID comment is read and written as libvirt does', () => {
  const uuid = '8509a1d4-1569-4467-8b37-4e433a1ac7b1';
  assert.deepEqual(readUuid(`A="1"\n  #UUID: ${uuid}\n#UUID: x\n`), { uuid, line: 2 });
  assert.equal(readUuid(`#UUID:${uuid}\n# UUID: ${uuid}\n#uuid: ${uuid}\n`), undefined);
  assert.deepEqual(readUuid(`#UUID: ${uuid} \n`), { malformed: `${uuid} `, line: 1 });
  assert.equal(writeUuid('A="1"\n', uuid), `A="1"\n\n#UUID: ${uuid}\n`);
  const other = '00000000-1569-4467-8b37-4e433a1ac7b1';
  assert.equal(writeUuid(writeUuid('A="1"', other), uuid), `A="1"\n\n#UUID: ${uuid}\n`);
});

test('property: any text is read, and an edit changes what it was asked to and nothing else', () => {
  const line = fc.oneof(
    fc.string(),
    fc.stringMatching(/^ {0,2}(NUMPROC|HOSTNAME|IP_ADDRESS|ODD|#x) ?=?"?[a-z0-9 "\\#]{0,12}\r?$/),
  );
  const value = fc.string().filter((text) => unwritableIn(text) === undefined);
  const key = fc.constantFrom('NUMPROC', 'HOSTNAME', 'IP_ADDRESS', 'ODD');
  fc.assert(
    fc.property(fc.array(line), key, fc.option(value, { nil: undefined }), (lines, name, wanted) => {
      const text = lines.join('\n');
      const before = effectiveValues(parseConf(text)).values;
      const edited = editConf(text, new Map([[name, wanted]]));
      const after = effectiveValues(parseConf(edited)).values;
      assert.equal(after.get(name)?.value, wanted);
      for (const [other, entry] of before)
        if (other !== name) assert.equal(after.get(other)?.value, entry.value);
      assert.equal(editConf(edited, new Map([[name, wanted]])), edited);
    }),
    { numRuns: 200 },
  );
});

test('a long line of blanks and backslashes takes no more than linear time', () => {
  const tookMs = processorMs(() => {
    assert.equal(valueIn(`A=${' '.repeat(500_000)}x${' '.repeat(500_000)}`, 'A')?.length, 500_001);
    assert.equal(parseConf(`${'\\'.repeat(1_000_000)}`).entries.length, 0);
  });
  assert.ok(tookMs < 10_000, `${tookMs} ms`);
});
