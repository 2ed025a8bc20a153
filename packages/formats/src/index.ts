// Public surface of the native formats.
// SPDX-License-Identifier: Apache-2.0

export * from './archived/index.js';
export { beancounterOf, parameterValue, ubcOf } from './beancounters.js';
export {
  type Conversion,
  type ConversionOptions,
  convertFiles,
  convertUnit,
  type Failure,
} from './conversion/convert.js';
export { type EndName, endNames, ends, isEndName } from './conversion/ends.js';
export { type FormatCode, FormatError, formatCodes } from './errors.js';
export { baseName, entryOf, type FileEntry, type FileSet, fileNameOf, filesOf, folderOf } from './files.js';
export {
  type Format,
  type FormatFiles,
  type FormatHome,
  type HostFacts,
  type NativeUnit,
  type ReadResult,
  usualPageSize,
  type WriteResult,
} from './format.js';
export { type FormatName, formatNames, formatOf, formats } from './formats.js';
export * from './lxc/index.js';
export * from './openvz/index.js';
export { hasAllocationLimit as limitsAllocation } from './openvz/memory.js';
export { withReferences } from './references.js';
export type { ReportRow, ReportStatus } from './report.js';
export { type ConfiguredBeancounter, configuredBeancounters } from './resources/configured.js';
export { graceSecondsOf } from './resources/grace.js';
export { isLimiting, type OwnerValues, setOwnerQuota } from './resources/owner-quota.js';
export { formatParameters } from './resources/page.js';
export {
  numbersOf,
  type Processors,
  pinsOf,
  processorsOfDomain,
} from './resources/processors.js';
export type { IoDeviceLimits, ResourceStatus, Resources } from './resources/resources.js';
export {
  explainResources,
  kernelMemory,
  type ResourceOptions,
  type ResourceRow,
  resourcesOf,
} from './resources/resources-of.js';
export { type ResourceRule, resourceRules } from './resources/rules.js';
export {
  bootorderOf,
  inStartOrder,
  type Ordered,
  orderOfBootorder,
  startOrderOf,
} from './start-order.js';
