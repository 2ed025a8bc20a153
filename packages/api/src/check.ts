// What the host holds of ours, over HTTP.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { list, nullable, object, oneOf, type Static, string } from './schema.js';

export const asset = object(
  {
    kind: oneOf(['file', 'mount', 'loop', 'link', 'cgroup', 'id-range', 'process', 'profile']),
    what: string(),
    owner: nullable(string({ description: 'Domain, template or `daemon`; null for a stray' })),
  },
  { title: 'Asset' },
);
export type Asset = Static<typeof asset>;

export const check = resource({
  list: {
    method: 'GET',
    path: '/v1/check',
    summary: 'What the host holds of ours, and what of it has no owner',
    body: none,
    answer: json(object({ owned: list(asset), stray: list(asset) })),
  },
  clean: {
    method: 'POST',
    path: '/v1/check/clean',
    summary: 'Return the strays to the host',
    body: none,
    answer: json(list(asset)),
  },
});
