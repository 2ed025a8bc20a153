// <dhcp>: the addresses that a network gives to its members.
// SPDX-License-Identifier: Apache-2.0
import { addressNumber, familyName, familyOf } from '../address.js';
import { checkAddresses } from '../domain/ip.js';
import { attribute, child, element, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import type { ModelPath, Report } from '../schema/report.js';
import { count, ipAddress, nonEmptyText, oneOf, ownMacAddress, pattern } from '../schema/scalar.js';
import { firstAndLast } from './address.js';
import { clashes, endsOf, isWithin, type Subnet } from './subnet.js';

const lease = element(
  'lease',
  {
    doc: 'How long an address is kept by who got it.',
    since: '6.3.0',
    emptyIsUnset: true,
    example: "<lease expiry='12' unit='hours'/>",
    fields: {
      expiry: attribute(count, {
        doc: 'So long, at least two minutes; 0 for as long as it likes.',
        required: true,
      }),
      unit: attribute(oneOf('seconds', 'minutes', 'hours'), {
        doc: 'What it is counted in; minutes when absent.',
      }),
    },
  },
  {
    libvirt: ({ expiry, unit }) => ({ expiry, ...(expiry > 0 && { unit: unit ?? 'minutes' }) }),
    check({ expiry, unit = 'minutes' }, report) {
      const least = { seconds: 120, minutes: 2, hours: 1 }[unit];
      if (expiry > 0 && expiry < least)
        report.error('out-of-range', ['expiry'], `a lease of ${expiry} ${unit} is too short`, {
          found: `${expiry} ${unit}`,
          expected: 'at least two minutes, or 0 for ever',
        });
    },
  },
);

/** Addresses for whoever asks. */
export const dhcpRange = element(
  'range',
  {
    doc: 'Addresses for whoever asks.',
    example: "<range start='192.168.122.2' end='192.168.122.254'/>",
    fields: { ...firstAndLast, lease: child(lease) },
  },
  { check: (model, report) => checkAddresses(model, ['start', 'end'], report) },
);

const duid = pattern('a DHCP unique identifier: bytes in hexadecimal, with colons', '[0-9a-fA-F:]+', [
  '0:3:0:1:0:16:3e:11:22:33',
  '00:04:7e:7d:f0:7d',
]);

/** A name that DHCP gives, and that the resolver answers then. */
const memberName = pattern(
  'a name that starts with a letter or digit, without blanks and commas',
  '[A-Za-z0-9][^\\s\\p{Cc},]*',
  ['web', 'a.example.com'],
);

/** The address of one machine. */
export const dhcpHost = element(
  'host',
  {
    doc: 'The address of one machine.',
    example: "<host mac='00:16:3e:77:e2:ed' name='a.example.com' ip='192.168.122.10'/>",
    fields: {
      mac: attribute(ownMacAddress, { doc: 'Its hardware address, with IPv4.' }),
      id: attribute(duid, { doc: 'Its DHCPv6 identifier, with IPv6.', since: '1.0.3' }),
      name: attribute(memberName, { doc: 'Its name, which it is given.' }),
      ip: attribute(ipAddress, { doc: 'Its address.', required: true }),
      lease: child(lease),
    },
  },
  { check: (model, report) => checkAddresses(model, ['ip'], report) },
);

const bootp = element(
  'bootp',
  {
    doc: 'What a machine boots by network, with IPv4.',
    since: '0.7.1',
    example: "<bootp file='pxeboot.img' server='192.0.2.4'/>",
    fields: {
      file: attribute(nonEmptyText, { doc: 'The file that it loads.', required: true }),
      server: attribute(ipAddress, { doc: 'Who has it; the network itself when absent.', since: '0.7.3' }),
    },
  },
  { check: (model, report) => checkAddresses(model, ['server'], report) },
);

/** Whether it gives any address to anybody. */
export const givesOut = ({
  ranges = [],
  hosts = [],
}: {
  readonly ranges?: readonly unknown[] | undefined;
  readonly hosts?: readonly unknown[] | undefined;
}): boolean => ranges.length + hosts.length > 0;

/** One <ip> of each family may have it. */
export const dhcp = element(
  'dhcp',
  {
    doc: 'Addresses that are given out.',
    since: '0.3.0',
    emptyIsUnset: true,
    example: "<dhcp>\n  <range start='192.168.122.2' end='192.168.122.254'/>\n</dhcp>",
    fields: { ranges: many(dhcpRange), hosts: many(dhcpHost), bootp: child(bootp) },
  },
  {
    /** What there is to boot it forgets where nobody gets an address. */
    libvirt: (model) => (givesOut(model) ? model : {}),
  },
);

/** Ranges for anybody, and the addresses of single machines. */
export type Dhcp = Infer<typeof dhcp>;
type Range = NonNullable<Dhcp['ranges']>[number];
type Host = NonNullable<Dhcp['hosts']>[number];

/** What of a subnet's <dhcp> cannot be given out; paths are those of the <ip>. */
export function checkDhcp(
  { ranges = [], hosts = [], bootp: boot }: Dhcp,
  subnet: Subnet,
  report: Report,
): void {
  for (const [index, range] of ranges.entries()) checkRange(range, subnet, ['dhcp', 'ranges', index], report);
  checkOverlap(ranges, report);
  for (const [index, host] of hosts.entries()) checkHost(host, subnet, ['dhcp', 'hosts', index], report);
  checkRepeated(hosts, report);
  if (boot !== undefined && subnet.family === 'ipv6')
    report.warning('not-enforced', ['dhcp', 'bootp'], 'only machines with IPv4 boot by network');
}

/** False, and told, for what is no address of the subnet. */
function isOfSubnet(text: string, subnet: Subnet, path: ModelPath, report: Report): boolean {
  const expected = `an ${familyName[subnet.family]} address`;
  if (familyOf(text) !== subnet.family)
    report.error('bad-address', path, `'${text}' is not ${expected}`, { found: text, expected });
  else if (!isWithin(subnet, text))
    report.error('outside-subnet', path, `'${text}' is not within the network of its <ip>`, { found: text });
  else return true;
  return false;
}

function checkRange({ start, end }: Range, subnet: Subnet, path: ModelPath, report: Report): void {
  const areOfSubnet = [
    isOfSubnet(start, subnet, [...path, 'start'], report),
    isOfSubnet(end, subnet, [...path, 'end'], report),
  ];
  const [from, to] = [addressNumber(start), addressNumber(end)];
  if (areOfSubnet.includes(false) || from === undefined || to === undefined) return;
  const { first, last } = endsOf(subnet);
  const range = `the range ${start} to ${end}`;
  if (to < from) report.error('conflict', [...path, 'end'], `${range} is reversed`, { found: end });
  else if (subnet.family === 'ipv4' && from === first)
    report.error('conflict', [...path, 'start'], `${range} starts with the address of the network itself`, {
      found: start,
    });
  else if (subnet.family === 'ipv4' && to === last)
    report.error('conflict', [...path, 'end'], `${range} ends with the address for all of the network`, {
      found: end,
    });
  else if (subnet.family === 'ipv4' ? to - from > 65_535n : to >> 16n !== from >> 16n)
    report.error('out-of-range', [...path, 'end'], `${range} has too many addresses`, {
      found: end,
      expected: subnet.family === 'ipv4' ? 'at most 65536' : 'two that differ in their last 16 bits only',
    });
}

function checkOverlap(ranges: readonly Range[], report: Report): void {
  const spans = ranges.map(({ start, end }) => {
    const [first, last] = [addressNumber(start), addressNumber(end)];
    return first === undefined || last === undefined || last < first ? undefined : { first, last };
  });
  for (const [later, earlier] of clashes(spans))
    report.error(
      'taken-twice',
      ['dhcp', 'ranges', later, 'start'],
      `the range has addresses of that from ${ranges[earlier]?.start} to ${ranges[earlier]?.end}`,
    );
}

function checkHost({ mac, id, name, ip }: Host, subnet: Subnet, path: ModelPath, report: Report): void {
  isOfSubnet(ip, subnet, [...path, 'ip'], report);
  if (subnet.family === 'ipv6') {
    if (mac !== undefined)
      report.error('conflict', [...path, 'mac'], 'with IPv6 a machine is known by its id or name', {
        found: mac,
      });
    else if (id === undefined && name === undefined)
      report.error('missing-attribute', path, "<host> needs the attribute 'id' or 'name'", {
        expected: "id='…' or name='…'",
      });
  } else if (mac === undefined && name === undefined)
    report.error('missing-attribute', path, "<host> needs the attribute 'mac' or 'name'", {
      expected: "mac='…' or name='…'",
    });
}

const spelt = {
  mac: (mac: string) => mac,
  id: (id: string) => id.toLowerCase(),
  name: (name: string) => name.toLowerCase(),
  ip: (ip: string) => String(addressNumber(ip)),
} as const;

/** An address of two would be given to whoever asks first. */
function checkRepeated(hosts: readonly Host[], report: Report): void {
  for (const key of ['mac', 'id', 'name', 'ip'] as const) {
    const seen = new Set<string>();
    for (const [index, host] of hosts.entries()) {
      const given = host[key];
      if (given === undefined) continue;
      const value = spelt[key](given);
      if (seen.has(value))
        report.error(
          'taken-twice',
          ['dhcp', 'hosts', index, key],
          `another <host> has ${key} '${given}', too`,
          {
            found: given,
          },
        );
      seen.add(value);
    }
  }
}
