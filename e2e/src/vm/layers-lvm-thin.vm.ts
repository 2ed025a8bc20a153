// The engine's own test of layers that are thin volumes of LVM, which takes a kernel with the device mapper.
// SPDX-License-Identifier: Apache-2.0
import { test } from 'node:test';
import { tellLayerTests } from './layer-tests.js';

test('thin volumes of LVM do what every layer has to', (t) => tellLayerTests(t, 'lvm-thin'));
