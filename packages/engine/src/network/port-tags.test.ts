// The VLANs of a port as a document means them, and as the kernel is told of them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '../errors.js';
import { type PortTags, refuseVainTags, tagsOf, without } from './port-tags.js';

const said = ({ native, isNativeTagged, tagged }: PortTags): string =>
  `${native === undefined ? 'no native' : `native ${native}${isNativeTagged ? ' tagged' : ''}`}, tagged ${tagged.join()}`;

test('one tag is hidden from the container, those of a trunk are not, a native one is as it is said to be', () => {
  const one = { id: 42 };
  const cases = [
    [{ tags: [one] }, 'native 42, tagged '],
    [{ trunk: false, tags: [one] }, 'native 42, tagged '],
    [{ trunk: true, tags: [one] }, 'no native, tagged 42'],
    [{ tags: [one, { id: 43 }, one] }, 'no native, tagged 42,43'],
    [{ tags: [one, { id: 7, nativeMode: 'untagged' }] }, 'native 7, tagged 42'],
    [{ tags: [{ id: 7, nativeMode: 'tagged' }] }, 'native 7 tagged, tagged '],
  ] as const;
  for (const [vlan, expected] of cases)
    assert.equal(said(tagsOf({ ...vlan, tags: [...vlan.tags] })), expected);
  for (const id of [0, 4095])
    assert.throws(
      () => tagsOf({ tags: [{ id }] }),
      (error) => isFault(error, 'unsupported') && /no VLAN/.test(error.message),
    );
});

test('what a port is not in is all the rest', () => {
  assert.deepEqual(without([]), ['1-4094']);
  assert.deepEqual(without([42]), ['1-41', '43-4094']);
  assert.deepEqual(without([4094, 1, 3]), ['2', '4-4093']);
});

test('a tag that no bridge would keep is refused', () => {
  assert.throws(
    () => refuseVainTags('eth0', 'lo'),
    (error) => isFault(error, 'unsupported') && /CONFIG_BRIDGE_VLAN_FILTERING/.test(error.message),
  );
});
