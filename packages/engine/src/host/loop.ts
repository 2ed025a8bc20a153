// Loop devices that free themselves: an image becomes a block device for as long as something has it mounted.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { EngineError } from '../errors.js';
import { ioctlBuffer, ioctlNumber } from './syscalls.js';

const LOOP_CTL_GET_FREE = 0x4c82;
const LOOP_SET_CAPACITY = 0x4c07;
const LOOP_CONFIGURE = 0x4c0a;
const LO_FLAGS_READ_ONLY = 1;
const LO_FLAGS_AUTOCLEAR = 4;
// struct loop_config: fd, block size, struct loop_info64 (232 bytes), 8 reserved words.
const CONFIG_BYTES = 304;
const INFO_OFFSET = 8;
const INFO_FLAGS_OFFSET = INFO_OFFSET + 52;
const INFO_NAME_OFFSET = INFO_OFFSET + 56;

/** A bound loop device; it lives until its descriptor is closed and nothing has it mounted. */
export interface LoopDevice extends Disposable {
  readonly path: string;
}

function openControl(image: string): number {
  try {
    return openSync('/dev/loop-control', constants.O_RDWR);
  } catch (cause) {
    throw new EngineError(
      'unsupported',
      `this kernel has no loop devices, and ${image} needs one: load the module (modprobe loop), or leave out the disk limit or file system that asks for it`,
      { image },
      { cause },
    );
  }
}

/** Lets a bound device follow its file, which has become larger. */
export function growLoop(path: string): void {
  const device = openSync(path, constants.O_RDWR);
  try {
    ioctlNumber(device, LOOP_SET_CAPACITY, 0, path);
  } finally {
    closeSync(device);
  }
}

/** Binds `image` to a free loop device with autoclear, so that nobody has to give it back. */
export function attachLoop(image: string, options: { readOnly?: boolean } = {}): LoopDevice {
  const readOnly = options.readOnly === true;
  const control = openControl(image);
  const backing = openSync(image, (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NOFOLLOW);
  try {
    const config = Buffer.alloc(CONFIG_BYTES);
    config.writeUInt32LE(backing, 0);
    config.writeUInt32LE(LO_FLAGS_AUTOCLEAR | (readOnly ? LO_FLAGS_READ_ONLY : 0), INFO_FLAGS_OFFSET);
    config.write(image.slice(-63), INFO_NAME_OFFSET, 'latin1');
    // Another process may take the free device between the two calls: then the next one is tried.
    for (let attempt = 0; attempt < 64; attempt++) {
      const path = `/dev/loop${ioctlNumber(control, LOOP_CTL_GET_FREE, 0, 'loop-control')}`;
      const device = openSync(path, readOnly ? constants.O_RDONLY : constants.O_RDWR);
      try {
        ioctlBuffer(device, LOOP_CONFIGURE, config, path);
        return { path, [Symbol.dispose]: () => closeSync(device) };
      } catch (error) {
        closeSync(device);
        if (!(error instanceof EngineError) || error.details['errno'] !== 'EBUSY') throw error;
      }
    }
    throw new EngineError('busy', `no free loop device for ${image}: other programs take each one first`);
  } finally {
    closeSync(backing);
    closeSync(control);
  }
}
