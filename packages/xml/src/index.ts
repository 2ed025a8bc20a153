// @ctvirt/xml: typed, lossless libvirt domain XML.
// SPDX-License-Identifier: Apache-2.0
export { familyOf, normalAddress, prefixOf } from './address.js';
export type { DomainCapabilities } from './capabilities/domain.js';
export type { HostCapabilities } from './capabilities/index.js';
export { commandFor, shellWord } from './command.js';
export type { ParseOptions } from './convert/parse.js';
export { type Device, type DeviceKind, formatDevice, parseDevice } from './device.js';
export {
  checkDomain,
  formatDomain,
  leftOutOfLibvirtForm,
  type ParsedDomain,
  parseDomain,
  parseDomainOrThrow,
} from './document.js';
export {
  checkNetwork,
  type DocumentKind,
  type DocumentModel,
  documentKinds,
  type FormatOptions,
  formatDocument,
  parseDocument,
} from './documents.js';
export type { Bandwidth } from './domain/bandwidth.js';
export type { Beancounter } from './domain/beancounters.js';
export { type Blkiotune, weightRange } from './domain/blkiotune.js';
export type { Clock } from './domain/clock.js';
export type { Console } from './domain/console.js';
export type { Controller } from './domain/controller.js';
export { type Devices, isRoot } from './domain/devices.js';
export type { Disk } from './domain/disk.js';
export type { Dns } from './domain/dns.js';
export { type Capabilities, type CapabilityName, capabilityNames, type Features } from './domain/features.js';
export type { Filesystem, FilesystemType } from './domain/filesystem.js';
export type { Hostdev } from './domain/hostdev.js';
export type { Idmap, IdRange } from './domain/idmap.js';
export { type ContainerType, containerTypes, type Domain, isContainerType } from './domain/index.js';
export { type Interface, type InterfaceType, nameInside } from './domain/interface.js';
export type { Ip, Route } from './domain/ip.js';
export { limitKiB, unlimitedKiB } from './domain/limit.js';
export type { LxcNamespace } from './domain/lxc-namespace.js';
export {
  commonPeriodUs,
  commonShares,
  currentMemoryKiB,
  currentVcpus,
  endingsOf,
  maxMemoryKiB,
  maxVcpus,
  memoryLimitKiB,
  processorTimeOf,
} from './domain/meaning.js';
export { defaultInit, initCommand, type Os } from './domain/os.js';
export type { Quota } from './domain/quota.js';
export type { Seclabel } from './domain/seclabel.js';
export { type DeniedCall, deniedCalls } from './domain/system-calls.js';
export {
  type Cputune,
  type Memtune,
  type Numatune,
  type Resource,
  sharesRange,
  type Vcpu,
} from './domain/tuning.js';
export { explainDomain, possibleInDomain } from './domain-reference.js';
export { escapeAttribute, escapeText } from './emit/escape.js';
export type { Possible } from './emit/explain.js';
export type { JsonSchema } from './emit/json-schema.js';
export { XmlError } from './errors.js';
export { describeFinding, type Finding, type FindingCode, findingCodes } from './finding.js';
export { placeFindings } from './finding-place.js';
export { type ComparedLine, compareTexts, conflictMarks, type Merged, mergeTexts } from './merge.js';
export {
  type MetadataFault,
  metadataAttributes,
  metadataElement,
  namespaceOf,
  readMetadataElement,
  withMetadataElement,
} from './metadata.js';
export { nearest } from './nearest.js';
export type { Network } from './network/index.js';
export { hasOwnBridge, modeOf } from './network/mode.js';
export {
  type NetworkUpdate,
  type NetworkUpdateCommand,
  type NetworkUpdateFault,
  type NetworkUpdateSection,
  updateNetwork,
} from './network/update.js';
export type { Networkport } from './networkport/index.js';
export type { Nwfilter } from './nwfilter/index.js';
export type { Pool } from './pool/index.js';
export { defaultLimits, type Limits, writtenLimits } from './read/node.js';
export {
  type DescribedKind,
  describedKinds,
  documentJsonSchema,
  documentRelaxNg,
  domainJsonSchema,
  domainPlaces,
  domainRelaxNg,
  explain,
  explainable,
  xmlReference,
} from './reference.js';
export type { Extra, Preserved } from './schema/model.js';
export type { Place, PlaceHints } from './schema/places.js';
export type { Snapshot } from './snapshot/index.js';
export { parseSize } from './units.js';
export type { Volume } from './volume/index.js';
