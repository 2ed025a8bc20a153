// Devices of domains: plugged in, changed and taken out.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { isMadeName, withoutMadeName } from '@ctvirt/engine';
import { type Device, type Domain, normalAddress, parseDevice } from '@ctvirt/xml';
import { type Bind, domainOf, type Session } from '../session.js';
import { affectedBy, affectFlags } from '../words/affect.js';
import { amend } from '../words/parameters.js';
import { refusal } from '../words/refusal.js';

type Kind = Device['kind'];
type Model<K extends Kind> = Extract<Device, { kind: K }>['model'];
type Devices = Domain['devices'];

/** How a domain keeps one kind of device, and when two descriptions mean the same one. */
interface Shelf<K extends Kind> {
  readonly list: (devices: Devices) => readonly Model<K>[];
  readonly put: (devices: Devices, list: readonly Model<K>[]) => Devices;
  readonly matches: (asked: Model<K>, device: Model<K>, change: Change) => boolean;
  /** Of several that match, the one that it is by more than its looks. */
  readonly isItself?: (asked: Model<K>, device: Model<K>) => boolean;
  /** A description without what nobody asks for. */
  readonly asked?: (model: Model<K>) => Model<K>;
  /** What a new description has of the old one where it says nothing. */
  readonly kept?: (device: Model<K>, asked: Model<K>) => Model<K>;
  /** What a new description makes of it while it is there; throws for what cannot change then. */
  readonly live?: (device: Model<K>, asked: Model<K>) => Model<K>;
  readonly noun: string;
}

const shelves: { readonly [K in Kind]: Shelf<K> } = {
  interface: {
    list: ({ interfaces }) => interfaces ?? [],
    put: (devices, interfaces) => ({ ...devices, interfaces: [...interfaces] }),
    asked: withoutMadeName,
    matches(asked, device, change) {
      // A description that was copied from the running domain has the name made up for that run, which the stored one lacks, as it
      // may the hardware address and the bridge.
      const isOfRun = isMadeName(asked.target?.dev) && device.target?.dev === undefined;
      if (asked.mac !== undefined && (device.mac !== undefined || !isOfRun)) return hasMacOf(asked, device);
      const name = isOfRun ? asked.guest?.dev : (asked.target?.dev ?? asked.guest?.dev);
      if (name !== undefined) return name === device.target?.dev || name === device.guest?.dev;
      const isSource = isOfRun
        ? holds(device.source, asked.source)
        : isDeepStrictEqual(sourceOf(asked), sourceOf(device));
      if (asked.type !== device.type || !isSource) return false;
      // libvirt asks for the hardware address alone, and takes the one link there is, whatever address it was asked for.
      const isThere = ({ address }: { readonly address: string }): boolean =>
        device.ips?.some((one) => normalAddress(one.address) === normalAddress(address)) === true;
      return change === 'update' || asked.ips?.every(isThere) !== false;
    },
    isItself: hasMacOf,
    kept: ({ mac }, asked) => (mac === undefined ? asked : { mac, ...asked }),
    live: updatedLink,
    noun: 'network device',
  },
  filesystem: {
    list: ({ filesystems }) => filesystems ?? [],
    put: (devices, filesystems) => ({ ...devices, filesystems: [...filesystems] }),
    matches: (asked, device) => asked.target?.dir === device.target?.dir,
    noun: 'filesystem',
  },
  disk: {
    list: ({ disks }) => disks ?? [],
    put: (devices, disks) => ({ ...devices, disks: [...disks] }),
    matches: (asked, device) => asked.target?.dev === device.target?.dev,
    noun: 'disk',
  },
  controller: {
    list: ({ controllers }) => controllers ?? [],
    put: (devices, controllers) => ({ ...devices, controllers: [...controllers] }),
    matches: (asked, device) => asked.type === device.type && asked.index === device.index,
    noun: 'controller',
  },
  console: {
    list: ({ consoles }) => consoles ?? [],
    put: (devices, consoles) => ({ ...devices, consoles: [...consoles] }),
    matches: (asked, device) => isDeepStrictEqual(asked.target, device.target),
    noun: 'console',
  },
  hostdev: {
    list: ({ hostdevs }) => hostdevs ?? [],
    put: (devices, hostdevs) => ({ ...devices, hostdevs: [...hostdevs] }),
    // What it is on the host says which one it is, as for libvirt.
    matches: (asked, device) => asked.type === device.type && isDeepStrictEqual(asked.source, device.source),
    noun: 'host device',
  },
};

function hasMacOf(asked: Model<'interface'>, device: Model<'interface'>): boolean {
  const mac = asked.mac?.address.toLowerCase();
  return mac !== undefined && mac === device.mac?.address.toLowerCase();
}

/** Whether all that is said of one is so of the other, which may have more. */
function holds(said: unknown, there: unknown): boolean {
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return isDeepStrictEqual(said, there);
  if (typeof there !== 'object' || there === null) return false;
  return Object.entries(said).every(([key, value]) => holds(value, Reflect.get(there, key)));
}

type Change = 'attach' | 'detach' | 'update';

/** What a card is called on the host stands in the document of a run alone. */
const sourceOf = (link: Model<'interface'>): unknown =>
  link.type === 'hostdev' ? link.source.address : link.source;

/** A device of any of these kinds: the model and its shelf are of the same one. */
type DeviceOf<K extends Kind> = { [P in K]: { readonly kind: P; readonly model: Model<P> } }[K];

function changed<K extends Kind>(
  domain: Domain,
  { kind, model }: DeviceOf<K>,
  { change, isLive }: { readonly change: Change; readonly isLive: boolean },
): Domain {
  const shelf: Shelf<K> = shelves[kind];
  const list = shelf.list(domain.devices);
  const put = (next: readonly Model<K>[]): Domain => ({
    ...domain,
    devices: shelf.put(domain.devices, next),
  });
  const wanted = shelf.asked?.(model) ?? model;
  if (change === 'attach') return put([...list, wanted]);
  const alike = list.flatMap((device, place) =>
    shelf.matches(model, device, change) ? [{ device, place }] : [],
  );
  const itself = alike.filter(({ device }) => shelf.isItself?.(model, device) === true);
  const [found, ...more] = itself.length > 0 ? itself : alike;
  if (found === undefined) throw refusal('deviceMissing', 'domain', `no matching ${shelf.noun} was found`);
  if (more.length > 0)
    throw refusal('operationFailed', 'domain', `multiple matching ${shelf.noun}s were found`);
  const { place, device } = found;
  const become = isLive ? shelf.live : shelf.kept;
  const next = change === 'update' ? [become?.(device, wanted) ?? wanted] : [];
  return put([...list.slice(0, place), ...next, ...list.slice(place + 1)]);
}

/** What of a link changes while it is there. */
const changing: ReadonlySet<string> = new Set([
  'bandwidth',
  'filterref',
  'link',
  'port',
  'portForwards',
  'vlan',
]);

/** An interface of a running container is what it is asked to be of that; all else has to be as it is. */
function updatedLink(device: Model<'interface'>, asked: Model<'interface'>): Model<'interface'> {
  for (const [key, value] of Object.entries(asked))
    if (!changing.has(key) && value !== undefined && !holds(value, Reflect.get(device, key)))
      throw refusal(
        'operationUnsupported',
        'domain',
        `of an interface of a running container <filterref>, <link>, <port>, <portForward>, <vlan> and <bandwidth> change, and not ${key}: detach it and attach it as it is to be, or update it with --config alone and start the domain again`,
      );
  const { bandwidth, filterref, link, port, portForwards } = asked;
  // Who says nothing of VLANs does not mean all that the bridge has for those without: a port group may have given them.
  const vlan = asked.vlan ?? device.vlan;
  return { ...device, bandwidth, filterref, link, port, portForwards, vlan };
}

function deviceOf(xml: string): Device {
  const { device, findings } = parseDevice(xml);
  if (device !== undefined) return device;
  const [first] = findings;
  throw refusal(
    first?.code === 'syntax' ? 'xmlDetail' : 'xmlError',
    'domain',
    first?.message ?? 'unknown kind of device',
  );
}

/** Clients find an interface again by its address, so that one without it is given one, as libvirt does. */
function withMac(device: Device, change: Change): Device {
  if (device.kind !== 'interface' || change !== 'attach' || device.model.mac !== undefined) return device;
  // A card has its own.
  if (device.model.type === 'hostdev') return device;
  const address = [
    '52',
    '54',
    '00',
    ...Array.from(randomBytes(3), (byte) => byte.toString(16).padStart(2, '0')),
  ].join(':');
  return { ...device, model: { ...device.model, mac: { address } } };
}

/** Attach, update and detach by a device's own XML; to update or detach it must mean exactly one. */
export const bindDomainDevices: Bind = ({ engine }) => {
  const edit = async (
    change: Change,
    { dom: asked, xml, flags }: { dom: { uuid: string }; xml: string; flags: number },
    { session, name }: { session: Session; name: string },
  ): Promise<void> => {
    const domain = domainOf(engine, session, asked);
    const affected = affectedBy(flags, domain, name);
    const device = withMac(deviceOf(xml), change);
    const { kind } = device;
    // Which of these the running container takes the engine knows.
    const isOfHost = kind === 'hostdev' && (device.model.type === 'net' || device.model.type === 'misc');
    const isExchanged = (isOfHost || kind === 'filesystem') && change !== 'update';
    if (affected.live && kind !== 'interface' && !isExchanged)
      throw refusal(
        'operationUnsupported',
        'domain',
        `a running container keeps its ${kind}s: ${change} it with --config, and start the domain again`,
      );
    await amend(engine, domain, affected, (document, of) =>
      changed(document, device, { change, isLive: of === 'live' }),
    );
  };
  const live = affectFlags.live;
  return {
    domainAttachDevice: (args, call) => edit('attach', { ...args, flags: live }, call),
    domainAttachDeviceFlags: (args, call) => edit('attach', args, call),
    domainDetachDevice: (args, call) => edit('detach', { ...args, flags: live }, call),
    domainDetachDeviceFlags: (args, call) => edit('detach', args, call),
    domainUpdateDeviceFlags: (args, call) => edit('update', args, call),
  };
};
