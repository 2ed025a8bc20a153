// The compatibility page is what the procedures make of it, and holds libvirt's commonest procedures.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeProcedures, formatCompatibility } from './describe.js';

/** What virsh sends on containers every day, and what virt-manager, exporters and scripts send besides. */
const tiers = {
  first: [
    [66, 1, 2, 60, 360, 361, 273, 22, 23, 24, 212, 16, 14, 19, 150, 151, 202, 17, 18, 15, 29, 11, 350, 10, 9],
    [
      196, 33, 258, 27, 12, 234, 34, 28, 35, 231, 183, 121, 122, 426, 56, 57, 223, 58, 219, 198, 197, 206,
      205,
    ],
    [204, 31, 30, 159, 344, 353, 65, 64, 243, 160, 161, 174, 8, 13, 201, 264, 265, 316, 317, 3, 4, 157, 59],
    [110, 7, 6, 102, 227, 228, 293, 295, 135],
  ].flat(),
  second: [
    [51, 37, 25, 21, 167, 168, 105, 106, 149, 262, 20, 32, 199, 200, 230, 225, 26, 203, 342, 277, 418, 349],
    [
      283, 47, 46, 43, 44, 152, 153, 45, 341, 281, 84, 85, 87, 88, 89, 154, 155, 282, 95, 96, 97, 98, 99, 100,
      83, 77, 78, 79, 90,
    ],
    [52, 50, 38, 36, 71, 72, 73, 74, 111, 112, 313, 314, 368, 369, 374, 375, 380, 381],
    [284, 156, 285, 114, 436, 286, 287, 274, 187, 190],
  ].flat(),
} as const;

test('every procedure of the first and second tier is answered', () => {
  const answered = new Set(
    describeProcedures().flatMap(({ number, group }) => (group === undefined ? [] : [number])),
  );
  for (const [tier, numbers] of Object.entries(tiers))
    assert.deepEqual(
      numbers.filter((number) => !answered.has(number)),
      [],
      `missing of the ${tier} tier`,
    );
});

test('the page in docs/reference is up to date', () => {
  const path = new URL('../../../../docs/reference/libvirt-compatibility.md', import.meta.url);
  assert.equal(readFileSync(path, 'utf8'), formatCompatibility(), 'run npm run gen');
});
