// Ports of the host added to a document, and taken out of it.
// SPDX-License-Identifier: Apache-2.0
import type { ForwardPorts } from '@ctvirt/api';
import { commandFor, type Domain, type Interface, normalAddress } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { portsInWords } from '../network/port-forwards.js';
import { withInterfaces } from './edit.js';

type Said = NonNullable<Interface['portForwards']>[number];
type Range = NonNullable<Said['ranges']>[number];

/** Which interface of a document: that on this network, or the first on one that `forwards`. */
export interface Where {
  readonly network: string | undefined;
  readonly forwards: (network: string) => boolean;
}

/** Adds all of them. */
export const addForwards =
  (ports: readonly ForwardPorts[], where: Where): ((domain: Domain) => Domain) =>
  (domain) => {
    const place = placeFor(domain, where);
    return withForwards(domain, (link, at) =>
      at === place ? ports.reduce(withPorts, forwardsIn(link)) : undefined,
    );
  };

/** Takes all of them out, of whichever interface has them; throws `not-found` for one that none has. */
export const removeForwards =
  (ports: readonly ForwardPorts[], { network }: Pick<Where, 'network'>): ((domain: Domain) => Domain) =>
  (domain) =>
    ports.reduce((next, one) => {
      let isThere = false;
      const after = withForwards(next, (link) => {
        if (link.type !== 'network' || (network !== undefined && link.source.network !== network))
          return undefined;
        const before = forwardsIn(link);
        const left = before.flatMap((said) => withoutPorts(said, one));
        if (left.every((said) => before.includes(said)) && left.length === before.length) return undefined;
        isThere = true;
        return left;
      });
      if (!isThere)
        throw new EngineError(
          'not-found',
          `domain '${domain.name}' does not have ${wordsOf(one)}${one.to === undefined ? '' : `, leading to ${one.to}`}: \`${commandFor('forward', [domain.name])}\` shows what it has`,
        );
      return after;
    }, domain);

const forwardsIn = ({ portForwards }: Interface): readonly Said[] => portForwards ?? [];

/** What `changed` answers stands in the place of the interface's own; it keeps those of which it answers nothing. */
function withForwards(
  domain: Domain,
  changed: (link: Interface, at: number) => readonly Said[] | undefined,
): Domain {
  const interfaces = (domain.devices.interfaces ?? []).map((link, at) => {
    const next = changed(link, at);
    if (next === undefined) return link;
    const { portForwards: _before, ...bare } = link;
    return next.length === 0 ? bare : { ...bare, portForwards: [...next] };
  });
  return withInterfaces(domain, interfaces);
}

function placeFor({ name, devices }: Domain, { network, forwards }: Where): number {
  const found = (devices.interfaces ?? []).flatMap((link, at) =>
    link.type === 'network' && (network === undefined || link.source.network === network)
      ? [{ at, network: link.source.network }]
      : [],
  );
  const place = found.find((one) => forwards(one.network));
  if (place !== undefined) return place.at;
  const [first] = found;
  throw new EngineError(
    'unsupported',
    first === undefined
      ? `domain '${name}' has no interface on ${network === undefined ? 'a network' : `network '${network}'`}: ports of the host lead to those alone`
      : `no port of the host leads to domain '${name}' by '${first.network}': a network that translates or routes is needed (ctvirt network list --all)`,
  );
}

const isSame = ({ proto, address, dev }: Said, ports: ForwardPorts): boolean =>
  proto === ports.protocol &&
  normalAddressOf(address) === normalAddressOf(ports.address) &&
  dev === ports.dev;

const normalAddressOf = (address: string | undefined): string | undefined =>
  address === undefined ? undefined : normalAddress(address);

/** With those of its kind, unless something is left out there. */
function withPorts(all: readonly Said[], ports: ForwardPorts): readonly Said[] {
  const { protocol, address, dev, start, end, to } = ports;
  const range: Range = {
    start,
    ...(end !== undefined && end !== start && { end }),
    ...(to !== undefined && to !== start && { to }),
  };
  const at = all.findIndex(
    (said) =>
      isSame(said, ports) && (said.ranges?.length ?? 0) > 0 && !said.ranges?.some(({ exclude }) => exclude),
  );
  const known = all[at];
  if (known !== undefined) return all.with(at, { ...known, ranges: [...(known.ranges ?? []), range] });
  const said: Said = {
    proto: protocol,
    ...(address !== undefined && { address }),
    ...(dev !== undefined && { dev }),
    ranges: [range],
  };
  return [...all, said];
}

/** What is left of one; itself where it has none of them. */
function withoutPorts(said: Said, ports: ForwardPorts): Said[] {
  const { protocol, start, end = start, to, address, dev } = ports;
  const isMeant =
    said.proto === protocol &&
    (address === undefined || normalAddressOf(said.address) === normalAddressOf(address)) &&
    (dev === undefined || said.dev === dev);
  if (!isMeant) return [said];
  // Without a range it is all ports.
  const isAll = !(said.ranges ?? []).some(({ exclude }) => exclude !== true);
  const ranges: Range[] = [...(isAll ? [{ start: 1, end: 65_535 }] : []), ...(said.ranges ?? [])];
  let isCut = false;
  const left = ranges.flatMap((range): Range[] => {
    const { end: last = range.start, to: led = range.start, exclude } = range;
    const isMet = exclude !== true && range.start <= end && start <= last;
    if (!isMet || (to !== undefined && to - start !== led - range.start)) return [range];
    isCut = true;
    return [...part(range.start, start - 1, led), ...part(end + 1, last, led + end + 1 - range.start)];
  });
  if (!isCut) return [said];
  return left.some(({ exclude }) => exclude !== true) ? [{ ...said, ranges: left }] : [];
}

const part = (start: number, end: number, to: number): Range[] =>
  start > end ? [] : [{ start, ...(end !== start && { end }), ...(to !== start && { to }) }];

const wordsOf = ({ start, end = start, to = start, ...ports }: ForwardPorts): string =>
  portsInWords({ address: undefined, ...ports, start, end, to });
