// The client for Node: over a unix socket or TCP, with sessions.
// SPDX-License-Identifier: Apache-2.0
import { type ClientOf, type ClientOptions, clientOver } from '../client.js';
import { checkedWays } from '../ways.js';
import { Connection, type Content, type Endpoint } from './connection.js';
import type { ClientSession } from './session.js';

export type { Endpoint } from './connection.js';
export type { ClientSession } from './session.js';

/** Every operation of the daemon, by resource: `client.domains.start({ domain: 'web' })`. Rejects with ApiError. */
export type ApiClient = ClientOf<Content, ClientSession>;

/** A client of the daemon that listens there; nothing is sent before the first call. */
export const createClient = (endpoint: Endpoint, options: ClientOptions = {}): ApiClient =>
  clientOver(new Connection(endpoint), checkedWays(), options);
