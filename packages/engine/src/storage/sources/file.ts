// An image file of the host as a file system of the container, through a loop device.
// SPDX-License-Identifier: Apache-2.0
import { loopsOver } from '../../host/disks.js';
import { attachLoop, openImage } from '../../host/loop.js';
import type { Backend } from '../contract/backend.js';
import { asLargeAsItsSource, openDevice, openSource } from './device.js';

export const file: Backend = {
  limits: false,
  async check(spec, context) {
    using _source = openSource(spec, context, 'file');
  },
  async open(spec, context, undo) {
    using source = openSource(spec, context, 'file');
    context.tell(source.remarks);
    const as = `/proc/self/fd/${source.fd}`;
    using image = await openImage(source.path, { readOnly: spec.readOnly, as });
    using device = attachLoop(image);
    return await openDevice(device.path, spec, context, undo);
  },
  keeping: asLargeAsItsSource,
  disks: ({ source }) => loopsOver(source),
};
