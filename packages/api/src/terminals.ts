// Terminals over HTTP that outlive their client: which there are, and the way back to one.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource, session } from './route.js';
import { list } from './schema.js';
import { attachRequest, terminal } from './shapes/terminal.js';

/** Terminals that are kept: each is its session's alone, and root's at the daemon's own socket. */
export const terminals = resource({
  list: {
    method: 'GET',
    path: '/v1/terminals',
    role: 'operator',
    summary:
      "Terminals that are kept for who asks: those that were opened in the same session, and all at the daemon's own socket",
    body: none,
    answer: json(list(terminal)),
  },
  attach: {
    method: 'GET',
    path: '/v1/terminals/{terminal}',
    role: 'operator',
    summary: 'Come back to a terminal that is kept; whoever had it loses it',
    body: none,
    answer: session(attachRequest),
  },
  end: {
    method: 'DELETE',
    path: '/v1/terminals/{terminal}',
    role: 'operator',
    summary: 'End a terminal that is kept, with what runs in it; answers how it was',
    body: none,
    answer: json(terminal),
  },
});
