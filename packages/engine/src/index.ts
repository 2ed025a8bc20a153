// Public surface of the engine.
// SPDX-License-Identifier: Apache-2.0

export { onBehalfOf } from './asker.js';
export * from './contract.js';
export { type EngineOptions, openEngine } from './engine.js';
export {
  type AnyDetails,
  type Details,
  type EngineCode,
  EngineError,
  engineCodes,
  isFault,
  notRunning,
} from './errors.js';
export { forgetShell } from './host/birth.js';
export { closeInherited } from './host/descriptors.js';
export { pageSize } from './host/facts.js';
export { writeAtomically } from './host/files.js';
export { holderOf } from './host/listeners.js';
export { openFilesLimit } from './host/own-limits.js';
export { fetchDescriptor } from './host/pidfd.js';
export { programName } from './host/processes.js';
export { spawnProgram } from './host/spawn.js';
export { lockFile, peerOf } from './host/syscalls.js';
export { requireTrusted } from './host/trusted.js';
export { userName } from './host/user-name.js';
export { documentTag } from './lifecycle/document-tag.js';
export { isMadeName, withoutMadeName } from './lifecycle/made-names.js';
export type { EngineLog } from './log.js';
export { backupsInLine } from './schedule/backups.js';
export { isSliceOver, nextSlice } from './slices.js';
export { askedBy } from './state/asking.js';
export { type Layout, layoutOf } from './state/layout.js';
export { prepareFolders } from './state/store.js';
export type * from './view.js';
