// Requests that a web page makes which came from elsewhere: any page may send them to anywhere, with its user's rights there.
// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './refusal.js';

/** Throws what such a page is told; does nothing of a page of this origin, and of a client that is no browser. */
export function refuseForeignPage(headers: IncomingHttpHeaders): void {
  const { origin, host, 'sec-fetch-site': site } = headers;
  // Browsers tell the origin of what may change something, and of late the site of everything.
  const isForeign =
    (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host)) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none');
  if (isForeign) throw new Refusal(403, 'denied', `not for pages of ${origin ?? 'another origin'}`);
}
