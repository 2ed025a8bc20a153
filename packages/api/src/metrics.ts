// What Prometheus reads of the daemon: one page of its text format.
// SPDX-License-Identifier: Apache-2.0
import { none, resource, text } from './route.js';
import { string } from './schema.js';

/** Numbers of the host and its domains, as monitoring reads them. */
export const metrics = resource({
  show: {
    method: 'GET',
    path: '/metrics',
    role: 'metrics',
    summary:
      "All numbers in Prometheus' text format, as the last sweep of ten seconds found them: no domain is looked at or waited for",
    query: {
      families: string({
        description:
          'Groups of names with commas between them: `own` is ctvirt_*, `libvirt` is what exporters of libvirt tell, `incus` what Incus tells of its instances (default: own,libvirt)',
      }),
    },
    body: none,
    answer: text('text/plain; version=0.0.4'),
  },
});
