// The kinds of file systems a container can have, by the name `<filesystem type=…>` gives them.
// SPDX-License-Identifier: Apache-2.0
import type { Backend, FilesystemKind } from './contract/backend.js';
import { block } from './sources/block.js';
import { file } from './sources/file.js';
import { mount } from './sources/mount.js';
import { template } from './sources/template.js';

export const backends = { template, mount, file, block } satisfies Record<FilesystemKind, Backend>;
export type {
  Backend,
  CopyContext,
  DiskLimit,
  FilesystemKind,
  FilesystemSpec,
  Keeping,
  KeptContext,
  LayerPool,
  LayerWords,
  OpenContext,
  Opened,
  OwnerLimit,
  OwnStreams,
  SoftAndHard,
  StorageContext,
  Usage,
} from './contract/backend.js';
export { hostId, keyOf, otherDomain } from './contract/backend.js';
export { type Source, Sources } from './contract/sources.js';
export { chooseLayer, forgetStreams, foundAt, layerFile, occupiedAt, releaseLayers } from './layers/index.js';
export { holdLimitMs } from './layers/layer.js';
