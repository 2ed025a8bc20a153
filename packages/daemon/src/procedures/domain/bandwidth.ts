// The rates of one link of a domain as typed parameters.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Bandwidth, Domain, Interface } from '@ctvirt/xml';
import { type Bind, domainOf } from '../session.js';
import { affectedBy, stringFlag } from '../words/affect.js';
import { type Parameter, readParameters, writeParameters } from '../words/parameters.js';
import { refusal } from '../words/refusal.js';

/** The names clients may know one link by: as it is on the host, inside, and on the wire. */
type Names = ReadonlySet<string>;

const isNamed = ({ mac, target, guest }: Interface, names: Names): boolean =>
  [mac?.address.toLowerCase(), target?.dev, guest?.dev].some((name) => name !== undefined && names.has(name));

/** One of which nothing is said is called by its place inside. */
const isPlaced = ({ guest }: Interface, at: number, names: Names): boolean =>
  guest?.dev === undefined && names.has(`eth${at}`);

/** Of a running domain also the names that its document leaves to us. */
async function namesOf(engine: Engine, { uuid, id }: DomainSummary, device: string): Promise<Names> {
  const asked = device.toLowerCase();
  const links = id === null ? [] : await engine.counters(uuid).links();
  const link = links.find(({ hostName, name, mac }) => [hostName, name, mac?.toLowerCase()].includes(asked));
  const names = [asked, link?.hostName, link?.name, link?.mac?.toLowerCase()];
  return new Set(names.filter((name) => name !== undefined && name !== null));
}

type Side = keyof Pick<Bandwidth, 'inbound' | 'outbound'>;
type Key = 'average' | 'peak' | 'burst' | 'floor';

const rowsFor = (device: string, names: Names): readonly Parameter[] => {
  const find = ({ devices }: Domain): Interface => {
    const { interfaces = [] } = devices;
    const link =
      interfaces.find((one) => isNamed(one, names)) ?? interfaces.find((one, at) => isPlaced(one, at, names));
    if (link === undefined) throw refusal('invalidArg', 'domain', `Can't find device ${device}`);
    return link;
  };
  const row = (side: Side, key: Key): Parameter => ({
    field: `${side}.${key}`,
    type: 'uint',
    read: (domain) => find(domain).bandwidth?.[side]?.[key] ?? 0,
    write(domain, value) {
      const changed = find(domain);
      const bandwidth = withRate(changed.bandwidth, side, key, value);
      const interfaces = domain.devices.interfaces?.map((link) =>
        link === changed ? { ...link, bandwidth } : link,
      );
      return { ...domain, devices: { ...domain.devices, interfaces } };
    },
  });
  return [
    ...(['average', 'peak', 'burst', 'floor'] as const).map((key) => row('inbound', key)),
    ...(['average', 'peak', 'burst'] as const).map((key) => row('outbound', key)),
  ];
};

/** Without an average there is no limit, whatever else was set. */
function withRate(
  bandwidth: Bandwidth | undefined,
  side: Side,
  key: Key,
  value: number,
): Bandwidth | undefined {
  const rate: Partial<Record<Key, number | undefined>> = {
    ...bandwidth?.[side],
    [key]: value === 0 ? undefined : value,
  };
  const isLimited = rate.average !== undefined || rate.floor !== undefined;
  const next = { ...bandwidth, [side]: isLimited ? rate : undefined };
  return next.inbound === undefined && next.outbound === undefined ? undefined : next;
}

/** Gets and sets a link's rates, by any name it has; an unknown one is `invalidArg`. */
export const bindDomainBandwidth: Bind = ({ engine }) => ({
  async domainGetInterfaceParameters({ dom, device, nparams, flags }, { session, name }) {
    const domain = domainOf(engine, session, dom);
    const { live } = affectedBy(flags, domain, name, stringFlag);
    const rows = rowsFor(device, await namesOf(engine, domain, device));
    const document = await engine.document(domain.uuid, { inactive: !live });
    return readParameters(rows, document, { isLive: live, nparams, flags });
  },
  async domainSetInterfaceParameters({ dom, device, params, flags }, { session, name }) {
    const domain = domainOf(engine, session, dom);
    const rows = rowsFor(device, await namesOf(engine, domain, device));
    // The average comes first: the others mean something only beside it.
    const sorted = params.toSorted((a, b) => Number(isAverage(b.field)) - Number(isAverage(a.field)));
    await writeParameters(engine, domain, rows, { params: sorted, flags, name });
  },
});

const isAverage = (field: string): boolean => field.endsWith('.average');
