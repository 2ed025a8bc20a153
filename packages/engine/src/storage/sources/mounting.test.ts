// Which attributes a mount gets by the words of a document.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MountAttr } from '../../host/mount-calls.js';
import { splitOptions } from './mounting.js';

const { readOnly, noSuid, noExec, noAtime, strictAtime, noDirAtime } = MountAttr;

const cases: readonly (readonly [options: string, attributes: number])[] = [
  ['', 0],
  ['defaults', 0],
  ['noatime', noAtime],
  ['strictatime', strictAtime],
  ['relatime', 0],
  ['noatime,defaults', noAtime],
  ['noatime,atime', 0],
  ['noatime,relatime', 0],
  ['noatime,strictatime', strictAtime],
  ['strictatime,atime', 0],
  ['strictatime,relatime', 0],
  ['strictatime,noatime', noAtime],
  ['atime,relatime,noatime', noAtime],
  ['nodiratime,relatime', noDirAtime],
  ['nodiratime,strictatime', noDirAtime | strictAtime],
  ['noatime,nodiratime,relatime', noDirAtime],
  ['nodiratime,diratime', 0],
  ['ro,rw', 0],
  ['rw,ro', readOnly],
  ['nosuid,suid', 0],
  ['suid,nosuid', noSuid],
  ['noexec,exec,nosuid', noSuid],
  ['exec,noexec', noExec],
];

for (const [options, attributes] of cases)
  test(`'${options}': of words that differ the last counts`, () => {
    const spec = { readOnly: false, options: options.split(',').filter((word) => word !== '') };
    assert.deepEqual(splitOptions(spec), { attributes: attributes | MountAttr.noDev, data: '' });
  });

test("no word undoes the document's <readonly/>, and what only a file system knows is its own", () =>
  assert.deepEqual(splitOptions({ readOnly: true, options: ['rw', 'data=ordered', 'noatime', 'dev'] }), {
    attributes: readOnly | noAtime | MountAttr.noDev,
    data: 'data=ordered,dev',
  }));
