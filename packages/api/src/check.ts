// What the host holds of ours, over HTTP.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { list } from './schema.js';
import { asset, assetReport } from './shapes/asset.js';

/** What the host holds of ours, and how it gets back what has no owner. */
export const check = resource({
  list: {
    method: 'GET',
    path: '/v1/check',
    role: 'viewer',
    summary: 'What the host holds of ours, and what of it has no owner',
    body: none,
    answer: json(assetReport),
  },
  clean: {
    method: 'POST',
    path: '/v1/check/clean',
    role: 'admin',
    summary: 'Return the strays to the host',
    body: none,
    answer: json(list(asset)),
  },
});
