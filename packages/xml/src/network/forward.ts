// <forward>: how a network reaches others, and by what of the host.
// SPDX-License-Identifier: Apache-2.0
import { addressNumber, familyOf } from '../address.js';
import { attribute, child, element, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { cNumber, deviceName, integer, nonEmptyText, oneOf, onOff, uint32, yesNo } from '../schema/scalar.js';
import { firstAndLast } from './address.js';

const port = integer(1, 65_535);
const connections = attribute(uint32, { doc: 'How many interfaces of domains use it.', live: true });

const natAddress = element(
  'address',
  {
    doc: 'The addresses of the host that packets leave with, of IPv4.',
    example: "<address start='203.0.113.10' end='203.0.113.12'/>",
    fields: firstAndLast,
  },
  {
    check({ start, end }, report) {
      for (const [key, address] of [
        ['start', start],
        ['end', end],
      ] as const)
        if (familyOf(address) !== 'ipv4')
          report.error('bad-address', [key], `'${address}' is not an IPv4 address`, {
            found: address,
            expected: 'an IPv4 address',
          });
      const [first, last] = [addressNumber(start), addressNumber(end)];
      if (first === undefined || last === undefined || [start, end].some((one) => familyOf(one) !== 'ipv4'))
        return;
      if (last < first) report.error('conflict', ['end'], `the range ${start} to ${end} is reversed`);
      else if (last - first > 65_535n)
        report.error('out-of-range', ['end'], `the range ${start} to ${end} has more than 65536 addresses`);
    },
  },
);

const natPort = element(
  'port',
  {
    doc: 'The ports of the host that packets leave with.',
    example: "<port start='1024' end='65535'/>",
    fields: {
      start: attribute(port, { doc: 'The first.', required: true }),
      end: attribute(port, { doc: 'The last.', required: true }),
    },
  },
  {
    check({ start, end }, report) {
      if (end < start) report.error('conflict', ['end'], `the range ${start} to ${end} is reversed`);
    },
  },
);

const nat = element('nat', {
  doc: 'How addresses are translated, with mode `nat`.',
  since: '1.0.3',
  emptyIsUnset: true,
  example: "<nat ipv6='yes'>\n  <port start='1024' end='65535'/>\n</nat>",
  fields: {
    ipv6: attribute(yesNo, {
      doc: 'Whether those of IPv6 are, too; they are only forwarded when absent.',
      since: '6.5.0',
    }),
    address: child(natAddress),
    port: child(natPort),
  },
});

/** Of a device that is handed over. */
export const driver = element('driver', {
  doc: 'How a device of the host is handed over, with mode `hostdev`.',
  since: '1.2.7',
  emptyIsUnset: true,
  fields: {
    name: attribute(oneOf('kvm', 'vfio', 'xen'), { doc: 'Who hands it over.' }),
    model: attribute(nonEmptyText, { doc: 'The module of the kernel that it is bound to.', since: '10.0.0' }),
  },
});

const pf = element('pf', {
  doc: 'A card whose virtual functions are the devices.',
  since: '0.9.10',
  fields: { dev: attribute(deviceName, { doc: 'Its name.', required: true }) },
});

/** One of several; it names a device of the host. */
export const hostInterface = element('interface', {
  doc: 'An interface of the host, of several.',
  since: '0.9.4',
  fields: { dev: attribute(deviceName, { doc: 'Its name.', required: true }), connections },
});

const hex = (digits: number) => (value: number) => `0x${value.toString(16).padStart(digits, '0')}`;

/** Where a device sits on a PCI bus; libvirt writes all four numbers. */
export const pciPlace = {
  domain: attribute(cNumber(0xffffffff, hex(4)), { doc: 'PCI domain.', assumed: 0 }),
  bus: attribute(cNumber(0xff, hex(2)), { doc: 'Number of the bus.', assumed: 0 }),
  slot: attribute(cNumber(0x1f, hex(2)), { doc: 'Slot on the bus.', assumed: 0 }),
  function: attribute(cNumber(7, hex(1)), { doc: 'Function in the slot.', assumed: 0 }),
  multifunction: attribute(onOff, { doc: 'Whether the slot has several functions.' }),
};

const pciAddress = element(
  'address',
  {
    doc: 'A device of the host by its place on a PCI bus, of several, with mode `hostdev`.',
    since: '0.10.0',
    example: "<address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x1'/>",
    fields: {
      type: attribute(oneOf('pci'), { doc: 'The kind of bus.', required: true }),
      ...pciPlace,
      connections,
    },
  },
  { libvirt: (model) => ({ ...model, multifunction: undefined }) },
);

/** Where a value stands a second time. */
function repeated(values: readonly string[]): number | undefined {
  const seen = new Set<string>();
  const at = values.findIndex((value) => seen.size === seen.add(value).size);
  return at < 0 ? undefined : at;
}

/** Its devices are a list of interfaces (with `dev` the first of them), one of PCI addresses, or those of one card. */
export const forward = element(
  'forward',
  {
    doc: 'How the network reaches others; one without it is isolated.',
    example:
      "<forward dev='eth0' mode='nat'>\n  <nat>\n    <port start='1024' end='65535'/>\n  </nat>\n</forward>",
    fields: {
      dev: attribute(deviceName, { doc: 'The interface of the host that packets go through, and no other.' }),
      mode: attribute(
        oneOf('nat', 'route', 'open', 'bridge', 'private', 'vepa', 'passthrough', 'hostdev', 'none'),
        { doc: 'The way.', assumed: 'nat' },
      ),
      managed: attribute(yesNo, {
        doc: 'Whether libvirt detaches devices from the host by itself, with mode `hostdev`.',
      }),
      driver: child(driver),
      nat: child(nat),
      pf: child(pf),
      interfaces: many(hostInterface),
      addresses: many(pciAddress),
    },
  },
  {
    libvirt({ mode = 'nat', dev, managed, driver: how, nat: translated, pf: card, interfaces, addresses }) {
      const named = interfaces ?? (dev === undefined ? undefined : [{ dev }]);
      const listed = named ?? addresses;
      return {
        dev: named?.[0]?.dev,
        mode,
        managed: mode === 'hostdev' ? managed === true : undefined,
        driver: how,
        nat: mode === 'nat' ? translated : undefined,
        pf: listed === undefined ? card : undefined,
        interfaces: named,
        addresses: named === undefined ? addresses : undefined,
      };
    },
    check({ mode = 'nat', dev, nat: translated, pf: card, interfaces = [], addresses = [] }, report) {
      if (translated !== undefined && mode !== 'nat')
        report.error('conflict', ['nat'], "only a network of mode 'nat' translates addresses", {
          found: mode,
          expected: "mode='nat'",
        });
      if (dev !== undefined && (addresses.length > 0 || card !== undefined))
        report.error('conflict', ['dev'], 'a list of PCI addresses or a <pf> stands in place of dev');
      const [first] = interfaces;
      if (dev !== undefined && first !== undefined && first.dev !== dev)
        report.error('conflict', ['dev'], `dev is '${dev}', and the first <interface> is '${first.dev}'`, {
          found: dev,
          expected: first.dev,
        });
      const ways = [interfaces.length > 0, addresses.length > 0, card !== undefined];
      if (ways.filter(Boolean).length > 1)
        report.error(
          'conflict',
          card === undefined ? ['addresses', 0] : ['pf'],
          '<interface>, <address> and <pf> exclude each other',
        );
      const again = repeated(interfaces.map((one) => one.dev));
      if (again !== undefined)
        report.error(
          'taken-twice',
          ['interfaces', again, 'dev'],
          `the interface '${interfaces[again]?.dev}' stands a second time`,
        );
      const places = addresses.map(({ domain = 0, bus = 0, slot = 0, function: number = 0 }) =>
        [domain, bus, slot, number].map((value) => value.toString(16)).join(':'),
      );
      const twice = repeated(places);
      if (twice !== undefined)
        report.error(
          'taken-twice',
          ['addresses', twice],
          `the device at ${places[twice]} stands a second time`,
        );
      if (mode === 'hostdev' && (interfaces.length > 0 || dev !== undefined))
        report.error(
          'conflict',
          dev === undefined ? ['interfaces', 0] : ['dev'],
          "a network of mode 'hostdev' lists its devices by their PCI addresses",
          { expected: "<address type='pci' …/>" },
        );
      if (mode !== 'hostdev' && addresses.length > 0)
        report.error('conflict', ['addresses', 0], "only a network of mode 'hostdev' has PCI addresses", {
          found: mode,
        });
      if ((mode === 'nat' || mode === 'route') && interfaces.length > 1)
        report.error(
          'conflict',
          ['interfaces', 1],
          `a network of mode '${mode}' goes through one interface of the host`,
        );
      if (mode === 'open' && (dev !== undefined || interfaces.length > 0))
        report.error(
          'conflict',
          dev === undefined ? ['interfaces', 0] : ['dev'],
          "what goes through a network of mode 'open' is not bound to an interface",
        );
    },
  },
);

/** The way (`mode`), and the host's devices for it. */
export type Forward = Infer<typeof forward>;
/** A word of `mode`; `none` is a network that reaches no other. */
export type ForwardMode = NonNullable<Forward['mode']>;
