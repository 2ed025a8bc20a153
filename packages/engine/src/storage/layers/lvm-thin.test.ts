// Thin volumes of LVM as layers, where this host has what they take.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { volumeAt } from '../../host/volumes.js';
import { conformance } from '../../testing/layer-conformance.js';
import { FIRST_ID, limit, mapFrom } from '../../testing/layer-world.js';
import { noThinPool, ThinPool } from '../../testing/thin-pool.js';
import { chooseLayer } from './index.js';
import type { Place } from './layer.js';

const skip = noThinPool();
const made = skip === false ? new ThinPool() : undefined;
after(() => made?.[Symbol.dispose]());
const pool = { kind: 'lvm-thin', name: made?.name ?? '' } as const;

const deviceOf = ({ folder, key }: Place): string => `/dev/${volumeAt(join(folder, `${key}.lvm`)).name}`;

conformance({
  name: 'lvm-thin',
  ground: { pool },
  skip,
  isLimited: true,
  growsByCapability: true,
  damage: (place) =>
    execFileSync('/usr/sbin/debugfs', ['-w', '-f', '-', deviceOf(place)], {
      input: 'clri spare\nset_super_value state 3\n',
      stdio: ['pipe', 'ignore', 'ignore'],
    }),
});

suite('thin volumes', { skip }, () => {
  test('nothing is left of those that were removed', () => {
    assert.deepEqual(made?.volumes(), []);
  });
});

test('a pool that is named is taken, with a limit or without', () => {
  const ground = { roots: '/', map: mapFrom(FIRST_ID), pool };
  for (const wanted of [undefined, limit(16), limit(16, 300)])
    assert.deepEqual(chooseLayer({ ...ground, limit: wanted }), { layer: 'lvm-thin', ids: 'container' });
});
