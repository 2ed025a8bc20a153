// Tests of zonecfg's command language, exported and written by hand.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { processorMs } from '../testing/processor-time.js';
import { parseZonecfg, type ZoneValue } from './parse.js';

const plain = (value: ZoneValue): unknown =>
  value.kind === 'simple'
    ? value.text
    : value.kind === 'list'
      ? value.items.map(plain)
      : Object.fromEntries(value.fields);

const summary = (text: string) => {
  const { globals, resources, faults } = parseZonecfg(text);
  return {
    globals: Object.fromEntries(globals.map(({ name, value }) => [name, plain(value)])),
    resources: resources.map(({ type, properties }) => [
      type,
      ...properties.map((p) => [p.name, plain(p.value)]),
    ]),
    faults: faults.map(({ line }) => line),
  };
};

test('an export is read: globals, resources, lists, groups', () => {
  assert.deepEqual(
    summary(`create -b
set zonepath=/zones/web
set autoboot=true
set bootargs=-m verbose=1, x
set limitpriv=default,!proc_priocntl
add fs
set dir=/data
set special=/export/data
set type=lofs
add options ro
add options "size=1g"
end
add rctl
set name=zone.max-lwps
add value (priv=privileged,limit=400,action=deny)
end
add attr
set name=comment
set value="two words; and = more"
end
`),
    {
      globals: {
        zonepath: '/zones/web',
        autoboot: 'true',
        bootargs: '-m verbose=1, x',
        limitpriv: 'default,!proc_priocntl',
      },
      resources: [
        [
          'fs',
          ['dir', '/data'],
          ['special', '/export/data'],
          ['type', 'lofs'],
          ['options', 'ro'],
          ['options', 'size=1g'],
        ],
        ['rctl', ['name', 'zone.max-lwps'], ['value', { priv: 'privileged', limit: '400', action: 'deny' }]],
        ['attr', ['name', 'comment'], ['value', 'two words; and = more']],
      ],
      faults: [],
    },
  );
});

test('what people write by hand is read too', () => {
  assert.deepEqual(
    summary(`create; set zonepath = /z # no comment here
# comment
add fs; set dir=/a; add options [ro,nodevices]; end
add net
set physical=e1000g0
cancel
select fs dir=/a
set special=/b
end
add dataset; set name=tank/x
add device
set match=/dev/x
end
remove dataset name=tank/x
clear autoboot
bogus
end
`),
    {
      globals: { zonepath: '/z # no comment here' },
      resources: [
        ['fs', ['dir', '/a'], ['options', 'ro'], ['options', 'nodevices'], ['special', '/b']],
        ['device', ['match', '/dev/x']],
      ],
      faults: [11, 16, 17],
    },
  );
});

test('property: no text makes it throw, and it takes no more than linear time on nesting', () => {
  const piece = fc.constantFrom(
    'set ',
    'add ',
    'a',
    '=',
    '[',
    ']',
    '(',
    ')',
    ',',
    '"',
    '\n',
    ';',
    '#',
    'end',
    ' ',
    '__proto__',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        parseZonecfg(text);
      },
    ),
    { numRuns: 150 },
  );
  const tookMs = processorMs(() => {
    parseZonecfg(`set a=${'['.repeat(200_000)}`);
    parseZonecfg('add options x\n'.repeat(200_000));
  });
  assert.ok(tookMs < 10_000, `${tookMs} ms`);
});
