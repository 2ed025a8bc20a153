// Requests that a web page makes which came from elsewhere: any page may send them to anywhere, with its user's rights there.
// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorBody } from '@ctvirt/api';
import type { FastifyInstance } from 'fastify';

/** What such a page is told, with status 403; undefined for a page of this origin, and for a client that is no browser. */
export function foreignPage(headers: IncomingHttpHeaders): ErrorBody | undefined {
  const { origin, host, 'sec-fetch-site': site } = headers;
  // Browsers tell the origin of what may change something, and of late the site of everything.
  const isForeign =
    (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host)) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none');
  return isForeign
    ? { code: 'denied', message: `not for pages of ${origin ?? 'another origin'}` }
    : undefined;
}

/** Answers no request of such a page, whatever it asks for; an upgrade never gets here. */
export function refuseForeignPages(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers }, reply) => {
    const refusal = foreignPage(headers);
    if (refusal !== undefined) return reply.code(403).send(refusal);
  });
}
