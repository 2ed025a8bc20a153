// The kinds of file systems a container can have, by the name `<filesystem type=…>` gives them.
// SPDX-License-Identifier: Apache-2.0
import type { Backend, FilesystemKind } from './backend.js';
import { block, file } from './device.js';
import { mount } from './mount.js';
import { template } from './template.js';

export const backends = { template, mount, file, block } satisfies Record<FilesystemKind, Backend>;
export type {
  Backend,
  DiskLimit,
  FilesystemKind,
  FilesystemSpec,
  Keeping,
  KeptContext,
  OpenContext,
  Opened,
  OwnerLimit,
  SoftAndHard,
  StorageContext,
  Usage,
} from './backend.js';
export { hostId, keyOf } from './backend.js';
export { type Source, Sources } from './sources.js';
export { releaseUppers } from './upper.js';
