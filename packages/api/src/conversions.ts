// Configurations of containers from one format to another over HTTP.
// SPDX-License-Identifier: Apache-2.0
import { json, resource } from './route.js';
import { list } from './schema.js';
import { conversion, conversionRequest } from './shapes/conversion.js';

/** As `ctvirt convert` does it, of texts that the request has: nothing of the host is read or written. */
export const conversions = resource({
  convert: {
    method: 'POST',
    path: '/v1/conversions',
    role: 'viewer',
    summary:
      'Convert configurations of containers, with a report of what became of each key; one that cannot be converted is there with why',
    body: json(conversionRequest),
    answer: json(list(conversion)),
  },
});
