// Terminals over HTTP that outlive their client: which there are, and the way back to one.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource, session } from './route.js';
import { list } from './schema.js';
import { attachRequest, terminal } from './shapes/terminal.js';

/** Terminals that are kept: each is its opener's alone. */
export const terminals = resource({
  list: {
    method: 'GET',
    path: '/v1/terminals',
    role: 'operator',
    summary: 'Terminals that are kept for who asks: those that were opened in the same session',
    body: none,
    answer: json(list(terminal)),
  },
  attach: {
    method: 'GET',
    path: '/v1/terminals/{terminal}',
    role: 'operator',
    summary: 'Come back to a terminal that is kept; whoever had it in the same session loses it',
    body: none,
    answer: session(attachRequest),
  },
});
