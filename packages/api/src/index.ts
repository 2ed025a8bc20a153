// Public surface of the HTTP contract.
// SPDX-License-Identifier: Apache-2.0
export type { CallOptions } from './answer.js';
export { type Asset, asset } from './check.js';
export { type ApiClient, type ClientOptions, createClient, type Input } from './client.js';
export type { Endpoint } from './connection.js';
export type { AdoptResult, ReportRow } from './domains.js';
export {
  ApiError,
  type ApiErrorCode,
  type ErrorBody,
  type ErrorCode,
  errorBody,
  errorTable,
} from './errors.js';
export { capabilities, type Version } from './host.js';
export { openApiDocument } from './openapi.js';
export { type Profile, profile } from './profiles.js';
export { formatRemarks, remarksHeader } from './remarks.js';
export { type Resources, resources } from './resources.js';
export type { Answer, Body, BodyOf, OpenOf, Params, Query, Resource, ResultOf, Route } from './route.js';
export type { TSchema } from './schema.js';
export type { ClientSession } from './session/client.js';
export {
  decodeNumber,
  decodeResize,
  encodeFrame,
  encodeJson,
  encodeNumber,
  encodeResize,
  type Frame,
  FrameDecoder,
  FrameError,
  type FrameType,
  maxDataBytes,
  maxPayloadBytes,
  sessionProtocol,
  stdinWindowBytes,
} from './session/frame.js';
export * from './shapes/index.js';
export { type Progress, progressLine, type Template, template } from './templates.js';
export { type Check, compileCheck } from './validate.js';
export { version } from './version.js';
