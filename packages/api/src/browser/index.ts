// The client for browsers: over fetch, with sessions over WebSockets. Nothing that it imports is Node's.
// SPDX-License-Identifier: Apache-2.0
import { type ClientOf, type ClientOptions, clientOver } from '../client.js';
import { type Content, FetchConnection } from './connection.js';
import type { BrowserSession } from './session.js';

export { ApiError, type ApiErrorCode, type ErrorCode, errorTable } from '../errors.js';
export * from '../shapes/index.js';
export type { BrowserSession } from './session.js';

/** Every operation of the daemon, by resource. Rejects with ApiError. */
export type BrowserClient = ClientOf<Content, BrowserSession>;

/** A client of the daemon at this URL, or of the one that the page came from. */
export const createClient = (baseUrl = '', options: ClientOptions = {}): BrowserClient =>
  clientOver<Content, BrowserSession>(new FetchConnection(baseUrl.replace(/\/+$/, '')), options);
