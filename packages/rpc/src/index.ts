// Public surface of this package.
// SPDX-License-Identifier: Apache-2.0

export * from './client/client.js';
export * from './client/connection.js';
export * from './client/object-methods.js';
export { type LibvirtErrorDetails, RpcError, type RpcErrorCode } from './errors.js';
export * from './event-kinds.js';
export * from './frame.js';
export { domainStates, stateReasons } from './protocol/domain-states.js';
export * from './protocol/index.js';
export { domainEvents } from './protocol/messages.js';
export { authTypes, errorCodes, errorDomains, features } from './protocol/numbers.js';
export type { TypedParam, TypedValue } from './protocol/objects.js';
export type { Message, Procedure, StreamDirection, ValueOf, Writes } from './protocol/row.js';
export { fromWire, libvirtError, toWire, unknownProcedure } from './remote-error.js';
export type { OpenRequest } from './server/context.js';
export * from './server/handlers.js';
export { defaultLimits, type ServerLimits } from './server/limits.js';
export { ownProcedureNames } from './server/own-procedures.js';
export { functionName } from './server/read-only.js';
export { type Published, RpcServer, type ServerOptions } from './server/server.js';
export { ClientStream, ServerStream } from './streams.js';
export { defaultGate, Gate, type GateOptions, type Seat } from './transport/gate.js';
export * from './transport/listen.js';
export { type ConnectionUri, parseUri } from './transport/uri.js';
export { fromTypedParams } from './typed-params.js';
