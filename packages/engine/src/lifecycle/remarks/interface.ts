// What stands in an <interface> and has no effect.
// SPDX-License-Identifier: Apache-2.0
import type { Interface } from '@ctvirt/xml';
import { onePeer } from './devices.js';
import { type Row, remark } from './remark.js';

const noScripts = 'scripts of interfaces are not run';

export const onInterface: readonly Row<Interface>[] = [
  ({ type, bandwidth }) =>
    remark(
      type === 'direct' ? bandwidth : undefined,
      '/bandwidth',
      'the rates of a direct link are not limited: it has no end on the host',
    ),
  ({ bandwidth }) =>
    remark(
      bandwidth?.inbound?.floor,
      '/bandwidth/inbound/@floor',
      'a rate is limited here, and not guaranteed',
    ),
  ({ type, source }) =>
    remark(
      type === 'ethernet' ? (source?.ips?.[0] ?? source?.routes?.[0]) : undefined,
      '/source',
      "the host's end of a routed link has no addresses and routes but those to the container",
    ),
  ({ ips }) =>
    remark(
      ips?.find(({ peer }) => peer !== undefined),
      '/ip/@peer',
      onePeer,
    ),
  ({ type, target }) =>
    remark(type === 'direct' ? target?.dev : undefined, '/target', 'a direct link has no end on the host'),
  ({ target }) =>
    remark(target?.managed === false, '/target/@managed', 'each link is made and removed with the run'),
  ({ type, routes }) =>
    remark(
      type === 'ethernet' ? routes?.[0] : undefined,
      '/route',
      'a routed interface has one way, which is the host',
    ),
  ({ type, link, routes }) =>
    remark(
      type !== 'ethernet' && link?.state === 'down' ? routes?.[0] : undefined,
      '/route',
      'no route leads over a link that is down',
    ),
  ({ type, vlan }) =>
    remark(
      type === 'ethernet' || type === 'direct' ? vlan : undefined,
      '/vlan',
      "only ports of a bridge are in VLANs: a direct link is in one by standing on a VLAN of the host's card",
    ),
  ({ virtualport }) => remark(virtualport, '/virtualport', 'a port of a bridge of the kernel is all it has'),
  ({ type, port }) =>
    remark(
      type === 'ethernet' || type === 'direct' ? port?.isolated : undefined,
      '/port',
      'only ports of a bridge are isolated from each other',
    ),
  ({ type, portForwards }) =>
    remark(
      type === 'network' ? undefined : portForwards?.[0],
      '/portForward',
      "ports of the host are forwarded on networks alone: <interface type='network'>",
    ),
  ({ type, filterref }) =>
    remark(
      type === 'ethernet' ? filterref : undefined,
      '/filterref',
      'network filters are for ports of bridges: a routed link sends from its own addresses alone, as clean-traffic has it, and what else one says is not kept',
    ),
  ({ type, filterref }) =>
    remark(
      type === 'direct' ? filterref : undefined,
      '/filterref',
      'network filters are for ports of bridges: the host does not see what a direct link sends',
    ),
  ({ script }) => remark(script, '/script', noScripts),
  ({ downscript }) => remark(downscript, '/downscript', noScripts),
];
