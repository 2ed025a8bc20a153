// Getting in by browser over HTTP: who asks at the daemon's own socket is root and hands out links; a page makes a session of one.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { list } from './schema.js';
import { webArrival, webEntry, webKey, webOwn, webRequest, webSession } from './shapes/web.js';

/** Sessions of browsers, and tokens of programs that read metrics. */
export const web = resource({
  list: {
    method: 'GET',
    path: '/v1/web',
    role: 'admin',
    summary: 'List who may come in by browser, or is in',
    body: none,
    answer: json(list(webSession)),
  },
  open: {
    method: 'POST',
    path: '/v1/web',
    role: 'admin',
    summary:
      'Let one in: a link that is good once for 60 seconds, or a token for a program; listens from then on',
    body: json(webRequest),
    answer: json(webEntry),
  },
  revoke: {
    method: 'DELETE',
    path: '/v1/web/{session}',
    role: 'admin',
    summary: 'End a session with all that is open in it, or take a link or a token back',
    body: none,
    answer: json(webSession),
  },
  me: {
    method: 'GET',
    path: '/v1/web/session',
    role: 'viewer',
    summary: 'Who one is: the session of this request',
    body: none,
    answer: json(webOwn),
  },
  enter: {
    method: 'POST',
    path: '/v1/web/session',
    role: 'anyone',
    summary: 'Make a session of a link: half of it is answered, half is a cookie',
    body: json(webArrival),
    answer: json(webKey),
  },
  leave: {
    method: 'DELETE',
    path: '/v1/web/session',
    role: 'viewer',
    summary: 'End the session of this request',
    body: none,
    answer: none,
  },
});
