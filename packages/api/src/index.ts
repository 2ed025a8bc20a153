// Public surface of the HTTP contract; a client of it comes from `@ctvirt/api/node` or `@ctvirt/api/browser`.
// SPDX-License-Identifier: Apache-2.0
export type { CallOptions } from './answer.js';
export type { ClientOf, ClientOptions, Input } from './client.js';
export { ApiError, type ApiErrorCode, type ErrorCode, errorTable } from './errors.js';
export { capabilities } from './host.js';
export { openApiDocument } from './openapi.js';
export { formatRemarks, remarksHeader } from './remarks.js';
export { type Resources, resources } from './resources.js';
export { isSessionRole, mayAs, pageRoles, type Role, roles, type SessionRole, sessionRoles } from './role.js';
export type { Answer, Body, BodyOf, OpenOf, Params, Query, Resource, ResultOf, Route } from './route.js';
export type { TSchema } from './schema.js';
export type { KeptTerminal } from './session/client-session.js';
export {
  decodeNumber,
  decodeResize,
  decodeText,
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
  outputWindowBytes,
  sessionProtocol,
  stdinWindowBytes,
} from './session/frame.js';
export * from './shapes/index.js';
export { type Check, compileCheck } from './validate.js';
export { version } from './version.js';
