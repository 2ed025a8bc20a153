// What stands in an <interface> and has no effect.
// SPDX-License-Identifier: Apache-2.0
import type { Interface } from '@ctvirt/xml';
import { onePeer } from './devices.js';
import { type Row, remark } from './remark.js';

const noScripts = 'scripts of interfaces are not run';

/** What it sends the host does not see. */
const hasNoEnd = (type: Interface['type']): boolean => type === 'direct' || type === 'hostdev';
const inWords = (type: Interface['type']): string =>
  type === 'hostdev' ? 'a card of the host' : 'a direct link';

export const onInterface: readonly Row<Interface>[] = [
  ({ type, bandwidth }) =>
    remark(
      hasNoEnd(type) ? bandwidth : undefined,
      '/bandwidth',
      `the rates of ${inWords(type)} are not limited: it has no end on the host`,
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
    remark(hasNoEnd(type) ? target?.dev : undefined, '/target', `${inWords(type)} has no end on the host`),
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
      type === 'ethernet' || hasNoEnd(type) ? vlan : undefined,
      '/vlan',
      type === 'hostdev'
        ? 'only ports of a bridge are in VLANs: a card has those that its switch, or the card that it is a virtual function of, gives it'
        : "only ports of a bridge are in VLANs: a direct link is in one by standing on a VLAN of the host's card",
    ),
  ({ virtualport }) => remark(virtualport, '/virtualport', 'a port of a bridge of the kernel is all it has'),
  ({ type, port }) =>
    remark(
      type === 'ethernet' || hasNoEnd(type) ? port?.isolated : undefined,
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
      hasNoEnd(type) ? filterref : undefined,
      '/filterref',
      `network filters are for ports of bridges: the host does not see what ${inWords(type)} sends`,
    ),
  ({ script }) => remark(script, '/script', noScripts),
  ({ downscript }) => remark(downscript, '/downscript', noScripts),
];
