// Public surface of the OpenVZ format.
// SPDX-License-Identifier: Apache-2.0

export { type ApplyOptions, applyProfile } from './apply-profile.js';
export { faultOf } from './check.js';
export {
  type ConfEntry,
  type ConfFile,
  type ConfValue,
  type ConfWarning,
  confLine,
  editConf,
  effectiveValues,
  parseConf,
  readUuid,
  unwritableIn,
  writeUuid,
} from './conf-file.js';
export {
  type ReadConf,
  type ReadConfOptions,
  readCtidConf,
  type WriteConfOptions,
  writeCtidConf,
} from './ctid-conf.js';
export { formatNetif, type Netif, parseNetif } from './netif.js';
export { addKey, type KeyOptions, keyValue, setKey } from './own-keys.js';
export type { Bounds, Duplicates, Group, Parameter, Syntax, UbcClass, Unit } from './parameter.js';
export { ownWord } from './parameter.js';
export { beancounters, canonicalKey, parameterOf, parameters } from './parameters.js';
export { type Profile, profileFileName, profileNameOf, profiles } from './profiles.js';
export { parametersOfProfile, setParameters, settableParameter } from './set-parameters.js';
export { type BeancounterBlock, type BeancounterLine, formatUserBeancounters } from './user-beancounters.js';
export * from './values.js';
