// Gives a container what was said of it: now where it runs, and from its next start on where that is to be saved.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type DomainSettings } from '@ctvirt/api';
import {
  effectiveValues,
  fileNameOf,
  parameterOf,
  parametersOfProfile,
  parseConf,
  setKey,
  settableParameter,
} from '@ctvirt/formats';
import { type Domain, normalAddress } from '@ctvirt/xml';
import { type Container, documentOf, editDocument, isOff } from '../containers.js';
import { type CodesOf, coded, failureOf, VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import type { Change, Edit } from './change.js';
import { devicesOf, hostNamed, ownInterfaces } from './devices.js';
import { startContainer, stopContainer } from './life.js';

/** How a change is made. */
export interface Manner {
  readonly save: boolean;
  /** What becomes of a running container that would have to be restarted for it. */
  readonly setmode: 'restart' | 'ignore' | undefined;
}

/** A profile by OpenVZ's names, which left `vps.` out. */
export async function profileNamed({ client }: VzHost, name: string): Promise<string | undefined> {
  const names = (await client.profiles.list()).map((one) => one.name);
  return [name, `vps.${name}`].find((one) => names.includes(one));
}

/** Adds the values of a profile that is to be applied, behind those that are said. */
async function addProfile(host: VzHost, change: Change): Promise<void> {
  if (change.profile === undefined) return;
  const profile = await profileNamed(host, change.profile);
  if (profile === undefined)
    throw new VzError('applyConfig', `Sample config file not found: ${change.profile}`);
  const { text } = await host.client.profiles.show({ profile });
  Object.assign(change.values, parametersOfProfile(text, Object.keys(change.values)));
  for (const { key, value } of effectiveValues(parseConf(text)).values.values())
    if (settableParameter(key) === undefined && parameterOf(key)?.profile === true && key !== 'ONBOOT')
      change.marks.unshift((domain, keys) => setKey(domain, key, value, keys));
}

/** `inherit` is the host's own, which a document says in a word of OpenVZ's. */
function inheriting({ nameservers, searchDomains }: Change): Edit[] {
  const keys = [
    ...(nameservers.includes('inherit') ? ['NAMESERVER'] : []),
    ...(searchDomains.includes('inherit') ? ['SEARCHDOMAIN'] : []),
  ];
  return keys.map((key) => (domain, options) => setKey(domain, key, 'inherit', options));
}

const itemsOf = (items: readonly string[]): string[] | undefined =>
  items.length === 0 || items.includes('inherit') ? undefined : [...items];

interface Part {
  readonly settings: DomainSettings;
  readonly codes: CodesOf;
}

const hasAddress = ({ addresses }: Container, text: string): boolean => {
  const bare = normalAddress(text.replace(/\/.*/, ''));
  return addresses.some((one) => normalAddress(one) === bare);
};

function addressesOf(container: Container, { added, removed }: Change): DomainSettings {
  const isAll = removed.includes('all');
  // OpenVZ takes an address twice, and one away that is not there.
  const lost = isAll ? ['all'] : removed.filter((one) => hasAddress(container, one));
  const gained = isAll ? added : added.filter((one) => !hasAddress(container, one));
  return {
    ...(lost.length > 0 && { removeAddresses: lost }),
    ...(gained.length > 0 && { addAddresses: [...new Set(gained)] }),
  };
}

/** Devices of the host, but those that it has, or has not, already. */
function devicesFor({ devices, lostDevices }: Change, had: readonly string[]): DomainSettings {
  const gained = [...new Set(devices)].filter((one) => !had.includes(one));
  const lost = [...new Set(lostDevices)].filter((one) => had.includes(one));
  return {
    ...(gained.length > 0 && { addDevices: gained }),
    ...(lost.length > 0 && { removeDevices: lost }),
  };
}

function interfacesFor(
  { ctid }: Container,
  { interfaces, lostInterfaces }: Change,
  own: readonly string[],
): DomainSettings {
  const lost = lostInterfaces.includes('all') ? [...own] : lostInterfaces;
  return {
    ...(lost.length > 0 && { removeInterfaces: lost }),
    ...(interfaces.length > 0 && { addInterfaces: interfaces.map((one) => hostNamed(one, ctid)) }),
  };
}

/** What can be said in the contract's words, each part with the codes that its failure has. */
function partsOf(container: Container, change: Change, domain: Domain): Part[] {
  const { values, words, passwords } = change;
  const nameservers = itemsOf(change.nameservers);
  const searchDomains = itemsOf(change.searchDomains);
  const { autostart: _autostart, ...named } = words;
  const names = {
    ...named,
    ...(nameservers !== undefined && { nameservers }),
    ...(searchDomains !== undefined && { searchDomains }),
  };
  const parts: Part[] = [
    {
      settings: Object.keys(values).length > 0 ? { values } : {},
      codes: { invalid: 'value', contradiction: 'invalid' },
    },
    { settings: names, codes: { invalid: words.hostname === undefined ? 'value' : 'hostname' } },
    {
      settings: addressesOf(container, change),
      codes: { invalid: 'address', exists: 'addressInUse', 'not-found': 'address' },
    },
    {
      settings: interfacesFor(container, change, ownInterfaces(domain)),
      codes: { exists: 'veth', 'not-found': 'veth', invalid: 'veth', 'host-command': 'veth' },
    },
    {
      settings: devicesFor(change, devicesOf(domain)),
      codes: { 'not-found': 'device', invalid: 'device', 'host-command': 'device' },
    },
    {
      settings: passwords.length > 0 ? { passwords } : {},
      codes: { 'host-command': 'password', invalid: 'password', 'not-found': 'password' },
    },
  ];
  return parts.filter(({ settings }) => Object.keys(settings).length > 0);
}

/** Whether a running container cannot take it. */
const isForNextStart = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === 'wrong-state' || error.code === 'unsupported');

/** As vzctl has it of containers on ploop: the number is fixed when an image is made. */
function withoutInodes({ settings, codes }: Part, error: unknown): Part | undefined {
  const { diskinodes, ...values } = settings.values ?? {};
  if (diskinodes === undefined || !(error instanceof ApiError && error.code === 'exists')) return undefined;
  return { settings: { ...settings, values }, codes };
}

/** Returns whether it waits for a restart. `live` is whether a running container is tried, too. */
async function setPart(
  host: VzHost,
  container: Container,
  part: Part,
  { save, live }: { readonly save: boolean; readonly live: boolean },
): Promise<boolean> {
  const { settings, codes } = part;
  const { uuid: domain } = container;
  try {
    await host.client.domains.set({ domain, body: { ...settings, live, stored: save } });
    return !live && !isOff(container);
  } catch (error) {
    const rest = withoutInodes(part, error);
    if (rest !== undefined) {
      host.warn('Warning: --diskinodes is ignored: the number is fixed in the image of this container');
      const isEmpty = Object.keys(rest.settings.values ?? {}).length === 0;
      return isEmpty ? false : await setPart(host, container, rest, { save, live: !isOff(container) });
    }
    if (live && save && isForNextStart(error))
      return await setPart(host, container, part, { save, live: false });
    throw failureOf(error, codes);
  }
}

/** What vzctl tells of a change that a running container has. */
function tellChanges(host: VzHost, { added, removed, values, words, nameservers }: Change): void {
  const tell = (what: string, value: string | undefined): void => {
    if (value !== undefined) host.say(`${what}: ${value}`);
  };
  if (removed.length > 0) host.say(`Deleting IP address(es): ${removed.join(' ')}`);
  if (added.length > 0) host.say(`Adding IP address(es): ${added.join(' ')}`);
  tell('Set hostname', words.hostname);
  if (nameservers.length > 0) host.say('File resolv.conf was modified');
  tell('Setting CPU limit', values['cpulimit']);
  tell('Setting CPU units', values['cpuunits']);
  tell('Setting CPUs', values['cpus']);
  if (Object.keys(values).some((name) => !name.startsWith('cpu')))
    host.say('UB limits were set successfully');
}

/** Where OpenVZ's own form of the configuration lies. */
export async function confPath(host: VzHost, { name, ctid }: Container): Promise<string> {
  const { state } = await host.facts;
  return `${state}/domains/${fileNameOf(name)}/${ctid}.conf`;
}

async function saveMarks(host: VzHost, container: Container, change: Change): Promise<void> {
  const { uuid: domain } = container;
  const { domains } = host.client;
  const edits = [...change.marks, ...inheriting(change), ...change.edits];
  if (edits.length > 0) await editDocument(host, container, edits);
  const { autostart } = change.words;
  const { order } = change;
  if (autostart !== undefined || order !== undefined)
    await domains.autostart({
      domain,
      body: { ...(autostart !== undefined && { autostart }), ...(order !== undefined && { order }) },
    });
}

async function rename(host: VzHost, container: Container, name: string): Promise<Container> {
  if (name === container.name) return container;
  const renamed = await coded(
    host.client.domains.rename({ domain: container.uuid, body: { name: name || String(container.ctid) } }),
    { exists: 'name', invalid: 'name', 'wrong-state': 'name', unsupported: 'name' },
  );
  host.say(`Name ${name} assigned`);
  return { ...container, name: renamed.name };
}

/** Makes a change, and tells of it. */
export async function applyChange(
  host: VzHost,
  container: Container,
  change: Change,
  { save, setmode }: Manner,
): Promise<void> {
  const isUp = !isOff(container);
  const mayRestart = isUp && setmode === 'restart';
  await addProfile(host, change);
  if (change.name !== undefined && isUp && !mayRestart && change.name !== container.name)
    throw new VzError(
      'name',
      'The name of a running container is set after a stop, or with --setmode restart',
    );
  for (const remark of change.remarks) host.warn(`Warning: ${remark}`);
  if (save) await saveMarks(host, container, change);
  let isLate = change.edits.length > 0 || change.name !== undefined;
  const { domain } = await documentOf(host, container, { inactive: !isUp });
  const parts = partsOf(container, change, domain).filter(
    ({ settings }) => isUp || save || settings.passwords !== undefined,
  );
  for (const part of parts) isLate = (await setPart(host, container, part, { save, live: isUp })) || isLate;
  if (isUp) tellChanges(host, change);
  for (const { user } of change.passwords) host.say(`Changing password for user ${user}.`);
  const isRestarted = isLate && mayRestart;
  if (isRestarted) {
    host.say('Restarting container');
    await stopContainer(host, container, false);
  }
  const named = change.name === undefined ? container : await rename(host, container, change.name);
  if (isRestarted) await startContainer(host, named, { said: [], words: [] });
  else if (isLate && isUp && setmode !== 'ignore')
    host.warn(
      'WARNING: Some of the parameters could not be applied to a running container: restart it, or use --setmode restart',
    );
  if (save) host.say(`CT configuration saved to ${await confPath(host, named)}`);
}

/** Whether there is anything that --save would keep. */
export const isSavable = (change: Change): boolean =>
  [change.values, change.words].some((one) => Object.keys(one).length > 0) ||
  [
    ...[change.added, change.removed, change.nameservers, change.searchDomains],
    ...[change.interfaces, change.lostInterfaces, change.devices, change.lostDevices],
    ...[change.edits, change.marks],
  ].some(({ length }) => length > 0) ||
  change.name !== undefined ||
  change.order !== undefined ||
  change.profile !== undefined;
