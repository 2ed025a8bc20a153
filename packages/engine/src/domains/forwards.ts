// Ports of the host that lead to domains: which there are, and changes of them.
// SPDX-License-Identifier: Apache-2.0
import type { ForwardRow } from '@ctvirt/api';
import type { Finding } from '@ctvirt/xml';
import type { Engine } from '../contract.js';
import { addressBytes } from '../host/address-bytes.js';
import { addForwards, removeForwards } from '../lifecycle/forward-edit.js';
import { eachLink } from '../lifecycle/links.js';
import { forwardsOfLink } from '../network/port-forwards.js';
import type { Entry } from '../registry/registry.js';
import { type AmendParts, amend, targetsOf } from './amend.js';

type Forwards = Pick<Engine, 'forwards' | 'allForwards' | 'changeForwards'>;

/** The engine's operations on ports of the host. */
export function forwardOperations(parts: AmendParts): Forwards {
  const { turns, registry } = parts;
  const rows = (entry: Entry, inactive = false): Promise<ForwardRow[]> => rowsOf(entry, inactive, parts);
  return {
    forwards: async (ref, options) => await turns.look(ref, (entry) => rows(entry, options?.inactive)),
    allForwards: async () => {
      const asking = registry
        .here()
        .filter(({ record, held }) => [record.forwards, held.forwards].flat().some(Boolean));
      return (await turns.lookAtEach(asking, (entry) => rows(entry))).flat();
    },
    changeForwards: (ref, { action, forwards, network }, asked) =>
      turns.take(ref, async (entry) => {
        const targets = targetsOf(entry, asked);
        const before = await remarksOn(entry, targets.live, parts);
        const edit =
          action === 'remove'
            ? removeForwards(forwards, { network })
            : addForwards(forwards, { network, forwards: (name) => parts.networkLinks.doesForward(name) });
        await amend(entry, targets, edit, parts);
        const had = new Set(before.map(({ message }) => message));
        const findings = await remarksOn(entry, targets.live, parts);
        return {
          forwards: await rows(entry, !targets.live),
          findings: action === 'remove' ? [] : findings.filter(({ message }) => !had.has(message)),
        };
      }),
  };
}

async function remarksOn(
  entry: Entry,
  isLive: boolean,
  { documents, networkLinks }: Pick<AmendParts, 'documents' | 'networkLinks'>,
): Promise<Finding[]> {
  const domain = await (isLive ? documents.live(entry) : documents.stored(entry));
  return [...networkLinks.findings(domain), ...(await networkLinks.shadowed(domain))];
}

async function rowsOf(
  entry: Entry,
  inactive: boolean,
  { documents, networkLinks }: Pick<AmendParts, 'documents' | 'networkLinks'>,
): Promise<ForwardRow[]> {
  const { record, running } = entry;
  const isLive = running !== undefined && !inactive;
  const domain = await (isLive ? documents.live(entry) : documents.stored(entry));
  return eachLink(domain, record).flatMap(({ link, plan }) => {
    if (link.type !== 'network') return [];
    const { network } = link.source;
    return forwardsOfLink(link).map(
      ({ protocol, address = null, dev = null, start, end, to }): ForwardRow => {
        const family = address === null ? undefined : addressBytes(address).length === 16 ? 6 : 4;
        const targets = plan.addresses
          .filter((one) => one.family === (family ?? one.family))
          .map((one) => one.address);
        return {
          ...{ domain: record.name, interface: plan.name, network },
          ...{ protocol, address, dev, start, end, to, targets },
          active: isLive && targets.length > 0 && networkLinks.doesForward(network, { now: true }),
        };
      },
    );
  });
}
