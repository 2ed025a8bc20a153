// What is said of a domain in words, as an edit of its document; a new domain begins with next to nothing in it.
// SPDX-License-Identifier: Apache-2.0
import type { CreateRequest, DomainSettings, ImageDefaults, MountSetting } from '@ctvirt/api';
import { type Domain, type Filesystem, initCommand, type Os } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { insidePath } from '../guest/inside.js';
import { withSchedule } from '../schedule/schedule.js';
import { withDevice, withoutDevice } from './device-settings.js';
import type { HostFacts } from './document.js';
import type { Edit } from './edit.js';
import {
  networkLink,
  withAddresses,
  withInterface,
  withLink,
  withNetwork,
  withoutAddress,
  withoutInterfaces,
  withoutNetwork,
  withRate,
} from './link-settings.js';
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
  const begun = withSchedule(isPlugged ? withLink(bare, networkLink(network)) : bare, request);
  return settingsEdit(request, facts)(begun, 'stored');
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
    command: initCommand(os),
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
  snapshots: _snapshots,
  snapshotPattern: _pattern,
  snapshotExpiry: _expiry,
  snapshotStopped: _stopped,
  backups: _backups,
  backupRepository: _repository,
  backupMounts: _mounts,
  backupKeep: _keep,
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
      ...(removeInterfaces.length === 0 ? [] : [(one: Domain) => withoutInterfaces(one, removeInterfaces)]),
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
