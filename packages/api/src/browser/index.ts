// The client for browsers: over fetch, with sessions over WebSockets. Nothing that it imports is Node's.
// SPDX-License-Identifier: Apache-2.0
import { type ClientOf, type ClientOptions, clientOver } from '../client.js';
import { type Content, FetchConnection, type KeyOption } from './connection.js';
import type { BrowserSession } from './session.js';
import { ways } from './ways.gen.js';

export type { CallOptions } from '../answer.js';
export { ApiError, type ApiErrorCode, type ErrorCode, errorTable } from '../errors.js';
export { pageRoles } from '../role.js';
export type * from '../shapes/index.js';
export type { Content } from './connection.js';
export type { BrowserSession } from './session.js';

/** Every operation of the daemon, by resource. Rejects with ApiError. */
export type BrowserClient = ClientOf<Content, BrowserSession>;

/** What a browser's client may be told to do besides its calls. */
export interface BrowserOptions extends ClientOptions, KeyOption {}

/**
 * A client of the daemon at this URL, or of the one that the page came from. Answers are not held against the contract: the page
 * is of the same build as who answers, and what holds them is five times as large as the rest.
 */
export const createClient = (baseUrl = '', options: BrowserOptions = {}): BrowserClient =>
  clientOver<Content, BrowserSession>(
    new FetchConnection(baseUrl.replace(/\/+$/, ''), options),
    ways,
    options,
  );
