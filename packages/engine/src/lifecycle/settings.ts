// What is said of a domain in words, as an edit of its document; a new domain begins with next to nothing in it.
// SPDX-License-Identifier: Apache-2.0
import type { CreateRequest, DomainSettings, ImageDefaults, MountSetting } from '@ctvirt/api';
import {
  type Domain,
  type Filesystem,
  familyOf,
  type Interface,
  type Ip,
  initCommand,
  normalAddress,
  type Os,
} from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { insidePath } from '../guest/inside.js';
import { withDevice, withInterface, withoutDevice, withoutInterface } from './device-settings.js';
import type { HostFacts } from './document.js';
import { type Edit, withInterfaces } from './edit.js';
import { parameterEdit } from './parameters.js';

type Step = (domain: Domain) => Domain;

/** The document of a new domain. */
export function domainFrom(request: CreateRequest, facts: HostFacts, image?: ImageDefaults): Domain {
  const { name, type = 'lxc', template } = request;
  const bare: Domain = {
    type,
    name,
    os: { type: { value: 'exe' }, ...(image && programOf(image)) },
    devices: {
      filesystems: [
        { type: 'template', accessmode: 'passthrough', source: { name: template }, target: { dir: '/' } },
      ],
    },
  };
  const { network } = request;
  const isPlugged = network !== undefined && (request.addAddresses ?? []).length === 0;
  return settingsEdit(request, facts)(isPlugged ? withLink(bare, networkLink(network)) : bare, 'stored');
}

/** What the image of its template starts, which then stands in the document and is changed there. */
function programOf({
  command: [init, ...initargs],
  environment,
  folder,
  user,
  group,
}: ImageDefaults): Partial<Os> {
  return {
    ...(init !== undefined && { init, initargs }),
    ...(environment.length > 0 && { initenvs: environment }),
    ...(folder !== undefined && { initdir: folder }),
    ...(user !== undefined && { inituser: String(user) }),
    ...(group !== undefined && { initgroup: String(group) }),
  };
}

/** The same the other way: what a domain starts by its document, with what only its template's image says. */
export function imageOf({ os }: Domain, image?: ImageDefaults): ImageDefaults {
  const [user, group] = [os.inituser, os.initgroup].map((id) => (id === undefined ? undefined : Number(id)));
  return {
    command: initCommand({ ...os, init: os.init ?? '/sbin/init' }),
    environment: (os.initenvs ?? []).map(({ name, value = '' }) => ({ name, value })),
    ...(os.initdir !== undefined && { folder: os.initdir }),
    ...(user !== undefined && { user }),
    ...(group !== undefined && { group }),
    volumes: image?.volumes ?? [],
    ports: image?.ports ?? [],
    ...(image?.stopSignal !== undefined && { stopSignal: image.stopSignal }),
  };
}

/** Whether there is anything that a document says. */
export const hasEdit = ({
  autostart: _autostart,
  network: _network,
  passwords: _passwords,
  sshKeys: _keys,
  ...said
}: DomainSettings): boolean => Object.values(said).some((value) => value !== undefined);

/** The edit throws `invalid` for what cannot be, `exists` and `not-found` for what is there already, or is not. */
export const settingsEdit =
  (settings: DomainSettings, facts: HostFacts): Edit =>
  (domain, of) => {
    const { values = {}, network, addNetworks = [], removeNetworks = [] } = settings;
    const { removeAddresses = [], addAddresses = [], rate, removeMounts = [], addMounts = [] } = settings;
    const { removeInterfaces = [], addInterfaces = [], removeDevices = [], addDevices = [] } = settings;
    const each = <T>(items: readonly T[], change: (domain: Domain, item: T) => Domain): Step[] =>
      items.map((item) => (one) => change(one, item));
    const steps: Step[] = [
      (one) => named(one, settings),
      ...each(removeNetworks, withoutNetwork),
      ...each(addNetworks, withNetwork),
      ...each(removeAddresses, withoutAddress),
      ...(addAddresses.length === 0 ? [] : [(one: Domain) => withAddresses(one, addAddresses, network)]),
      ...(rate === undefined ? [] : [(one: Domain) => withRate(one, rate, network)]),
      ...each(removeMounts, withoutMount),
      ...each(addMounts, withMount),
      ...each(removeInterfaces, withoutInterface),
      ...each(addInterfaces, withInterface),
      ...each(removeDevices, withoutDevice),
      ...each(addDevices, withDevice),
    ];
    if (Object.keys(values).length > 0) steps.push((one) => parameterEdit(values, facts)(one, of));
    return steps.reduce((one, step) => step(one), domain);
  };

function named(
  domain: Domain,
  { profile, hostname, nameservers, searchDomains, description }: DomainSettings,
): Domain {
  const { description: had, ...undescribed } = domain;
  const text = description ?? had ?? '';
  const dns = {
    ...domain.dns,
    ...(nameservers !== undefined && { nameservers: nameservers.map((address) => ({ address })) }),
    ...(searchDomains !== undefined && { searches: searchDomains.map((name) => ({ domain: name })) }),
  };
  return {
    ...undescribed,
    ...(text !== '' && { description: text }),
    ...(profile !== undefined && { profile }),
    ...(hostname !== undefined && { hostname }),
    ...((nameservers ?? searchDomains) !== undefined && { dns }),
  };
}

const linksIn = ({ devices }: Domain): readonly Interface[] => devices.interfaces ?? [];

const withLink = (domain: Domain, link: Interface): Domain =>
  withInterfaces(domain, [...linksIn(domain), link]);

const networkLink = (network: string): Interface => ({ type: 'network', source: { network } });

/** A network may be a bridge of the host, which a document may also name as such. */
const isOn =
  (network: string) =>
  (link: Interface): boolean =>
    (link.type === 'network' && link.source.network === network) ||
    (link.type === 'bridge' && link.source.bridge === network);

function withNetwork(domain: Domain, network: string): Domain {
  if (linksIn(domain).some(isOn(network)))
    throw new EngineError('exists', `domain '${domain.name}' has an interface on '${network}' already`);
  return withLink(domain, networkLink(network));
}

function withoutNetwork(domain: Domain, network: string): Domain {
  const links = linksIn(domain);
  const place = links.findIndex(isOn(network));
  if (place < 0)
    throw new EngineError('not-found', `domain '${domain.name}' has no interface on '${network}'`);
  return withInterfaces(
    domain,
    links.filter((_, at) => at !== place),
  );
}

/** The place of the interface that is meant; less than 0 where there is none. */
function placeOf(domain: Domain, network: string | undefined): number {
  const links = linksIn(domain);
  if (network !== undefined) return links.findIndex(isOn(network));
  const routed = links.findIndex(({ type }) => type === 'ethernet');
  return routed < 0 ? Math.min(links.length - 1, 0) : routed;
}

function withAddresses(domain: Domain, addresses: readonly string[], network: string | undefined): Domain {
  const place = placeOf(domain, network);
  if (place < 0) {
    const link: Interface = network === undefined ? { type: 'ethernet' } : networkLink(network);
    return withAddresses(withLink(domain, link), addresses, network);
  }
  const links = linksIn(domain).map((link, at): Interface => {
    if (at !== place) return link;
    return { ...link, ips: addresses.map(ipOf).reduce(withIp(domain.name), [...(link.ips ?? [])]) };
  });
  return withInterfaces(domain, links);
}

const withIp =
  (name: string) =>
  (ips: Ip[], ip: Ip): Ip[] => {
    if (ips.some(({ address }) => normalAddress(address) === normalAddress(ip.address)))
      throw new EngineError('exists', `domain '${name}' has the address ${ip.address} already`);
    return [...ips, ip];
  };

function ipOf(text: string): Ip {
  const [, address = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined)
    throw new EngineError('invalid', `'${text}' is not an IP address, as 192.168.1.5 or fd00::5/64 is one`);
  return { address, family, ...(length !== undefined && { prefix: Number(length) }) };
}

function withoutAddress(domain: Domain, text: string): Domain {
  const isMeant =
    text === 'all'
      ? () => true
      : ({ address }: Ip) => normalAddress(address) === normalAddress(ipOf(text).address);
  const links = linksIn(domain);
  if (text !== 'all' && !links.some(({ ips }) => ips?.some(isMeant)))
    throw new EngineError('not-found', `domain '${domain.name}' does not have the address ${text}`);
  return withInterfaces(
    domain,
    links.map((link): Interface => {
      const { ips, ...bare } = link;
      const left = (ips ?? []).filter((ip) => !isMeant(ip));
      return left.length === 0 ? bare : { ...link, ips: left };
    }),
  );
}

/** Kilobytes a second of tc's words; undefined is no limit. */
function kilobytesOf(rate: string): number | undefined {
  if (rate === 'unlimited') return undefined;
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(kbit|mbit|gbit)$/i.exec(rate) ?? [];
  const bits = { kbit: 1e3, mbit: 1e6, gbit: 1e9 }[unit.toLowerCase()] ?? 0;
  const kilobytes = Math.floor((Number(number) * bits) / 8000);
  if (kilobytes >= 1 && kilobytes < 2 ** 32) return kilobytes;
  throw new EngineError(
    'invalid',
    `'${rate}' is no rate: 10mbit is one, in kbit, mbit or gbit (a second) and of 8kbit at least, or 'unlimited'`,
  );
}

function withRate(domain: Domain, rate: string, network: string | undefined): Domain {
  const average = kilobytesOf(rate);
  const place = placeOf(domain, network);
  if (place < 0)
    throw new EngineError('invalid', `domain '${domain.name}' has no interface whose rate could be limited`);
  return withInterfaces(
    domain,
    linksIn(domain).map((link, at): Interface => {
      if (network !== undefined && at !== place) return link;
      const { bandwidth: _before, ...bare } = link;
      return average === undefined
        ? bare
        : { ...bare, bandwidth: { inbound: { average }, outbound: { average } } };
    }),
  );
}

const withFilesystems = (domain: Domain, filesystems: Filesystem[]): Domain => ({
  ...domain,
  devices: { ...domain.devices, filesystems },
});

const standsAt =
  (target: string) =>
  ({ target: at }: Filesystem): boolean =>
    at !== undefined && insidePath(at.dir) === insidePath(target);

function withMount(domain: Domain, { source, target, readonly: isReadOnly = false }: MountSetting): Domain {
  const filesystems = domain.devices.filesystems ?? [];
  if (filesystems.some(standsAt(target)))
    throw new EngineError('exists', `domain '${domain.name}' has a file system at ${target} already`);
  if (!source.startsWith('/'))
    throw new EngineError('invalid', `'${source}' is no absolute path of the host`);
  return withFilesystems(domain, [
    ...filesystems,
    {
      type: 'mount',
      accessmode: 'passthrough',
      source: { dir: source },
      target: { dir: target },
      ...(isReadOnly && { readonly: true }),
    },
  ]);
}

function withoutMount(domain: Domain, target: string): Domain {
  const filesystems = domain.devices.filesystems ?? [];
  const isMeant = standsAt(target);
  if (insidePath(target) === '/') throw new EngineError('invalid', 'the root of a domain is not taken away');
  if (!filesystems.some(isMeant))
    throw new EngineError('not-found', `domain '${domain.name}' has no file system at ${target}`);
  return withFilesystems(
    domain,
    filesystems.filter((one) => !isMeant(one)),
  );
}
