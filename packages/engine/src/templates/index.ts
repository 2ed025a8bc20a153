// Public surface of the template store.
// SPDX-License-Identifier: Apache-2.0

export {
  type RefusalReason,
  TemplateError,
  type TemplateErrorCode,
  type TemplateErrorDetails,
} from './archive/errors.js';
export { DEFAULT_LIMITS, type ImportLimits } from './archive/limits.js';
export type { DebianOptions } from './build-debian.js';
export type { TreeToWrite } from './image/pack.js';
export type { ImportOptions, ImportProgress } from './import-archive.js';
export { formatRecord, type Template } from './record.js';
export { TemplateStore, type TemplateStoreOptions, type TemplateUsers } from './store.js';
export { parseTemplateName, replacedName, type TemplateName } from './template-name.js';
