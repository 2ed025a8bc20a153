// A folder of the host as a layer.
// SPDX-License-Identifier: Apache-2.0
import { conformance } from '../../testing/layer-conformance.js';

const skip = process.getuid?.() === 0 ? false : 'only root mounts';
conformance({ name: 'folder', skip, isLimited: false, isAnywhere: true });
