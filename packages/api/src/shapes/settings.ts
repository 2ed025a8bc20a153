// What a domain is given in words instead of a document: for one that is made, and for one that is there.
// SPDX-License-Identifier: Apache-2.0
import {
  boolean,
  integer,
  list,
  nullable,
  object,
  oneOf,
  optional,
  record,
  type Static,
  strict,
  string,
} from '../schema.js';
import { domainSummary } from './domain.js';
import { finding } from './finding.js';
import { parameterRow } from './parameter.js';
import { imageDefaults } from './template.js';

const word = (description: string) => string({ minLength: 1, maxLength: 255, description });
const path = (description: string) => string({ minLength: 1, maxLength: 4096, description });

/** A directory of the host inside a domain. */
export const mountSetting = strict({
  source: path('Directory of the host'),
  target: path('Where it stands inside'),
  readonly: optional(boolean({ description: 'Whether the domain cannot write to it' })),
});
/** A directory of the host inside a domain. */
export type MountSetting = Static<typeof mountSetting>;

/** An interface of its own beside those that its addresses are on. */
export const interfaceSetting = strict({
  name: string({ minLength: 1, maxLength: 15, description: 'What it is called inside' }),
  bridge: optional(
    string({
      minLength: 1,
      maxLength: 15,
      description: 'A bridge of the host that it is on; without, it is routed',
    }),
  ),
  mac: optional(string({ maxLength: 17, description: 'Its hardware address; without, one is made' })),
  hostName: optional(
    string({
      minLength: 1,
      maxLength: 15,
      description: "What the host's end is called; without, a name is made",
    }),
  ),
});
/** An interface of its own. */
export type InterfaceSetting = Static<typeof interfaceSetting>;

const device = path("A device file of the host, /dev/net/tun, or the name of one of the host's links");

const settings = {
  profile: optional(
    word(
      'A profile: of a new domain it fills in what is not said; of one that is there its parameters are set, but for those that are said besides',
    ),
  ),
  values: optional(
    record(string({ maxLength: 64 }), string({ maxLength: 4096 }), {
      description: "Resource parameters by OpenVZ's names, in vzctl's spelling",
    }),
  ),
  hostname: optional(word('Host name inside')),
  nameservers: optional(
    list(word('An address'), { maxItems: 16, description: 'Name servers, in place of those before' }),
  ),
  searchDomains: optional(
    list(word('A domain'), {
      maxItems: 16,
      description: 'Domains in which short names are looked up, in place of those before',
    }),
  ),
  description: optional(string({ maxLength: 65_536, description: 'A text for people; empty is none' })),
  addNetworks: optional(
    list(word('A network, or a bridge of the host'), {
      maxItems: 16,
      description: 'Networks on which it gets an interface besides, before any address is added',
    }),
  ),
  removeNetworks: optional(
    list(word('A network, or a bridge of the host'), {
      maxItems: 16,
      description: 'Networks whose interface it loses, with its addresses',
    }),
  ),
  addAddresses: optional(
    list(word('An address, with its prefix or without: 192.168.1.5, fd00::5/64'), {
      maxItems: 256,
      description: 'Addresses that it gets besides',
    }),
  ),
  removeAddresses: optional(
    list(word('An address, or `all`'), { maxItems: 256, description: 'Addresses that it loses' }),
  ),
  network: optional(
    word(
      'Addresses and rate are for the interface on this network, which is made where there is none; without it for that of type ethernet, else the first',
    ),
  ),
  rate: optional(
    string({
      maxLength: 32,
      description: 'What passes its interfaces in each direction: 10mbit, 500kbit, 1gbit, or `unlimited`',
    }),
  ),
  addMounts: optional(
    list(mountSetting, { maxItems: 64, description: 'Directories of the host that it gets besides' }),
  ),
  removeMounts: optional(
    list(path('Where it stands inside'), { maxItems: 64, description: 'Directories that it loses' }),
  ),
  addInterfaces: optional(
    list(interfaceSetting, { maxItems: 64, description: 'Interfaces that it gets besides' }),
  ),
  removeInterfaces: optional(
    list(word('What it is called inside'), { maxItems: 64, description: 'Interfaces that it loses' }),
  ),
  addDevices: optional(
    list(device, { maxItems: 64, description: 'Devices of the host that it gets besides' }),
  ),
  removeDevices: optional(list(device, { maxItems: 64, description: 'Devices of the host that it loses' })),
  passwords: optional(
    list(
      strict({
        user: word("A user of the domain's own lists"),
        password: string({ maxLength: 512, description: 'In plain text' }),
      }),
      {
        maxItems: 64,
        description: 'Set inside a running domain, else before its next start',
      },
    ),
  ),
  sshKeys: optional(
    list(
      strict({
        user: word("A user of the domain's own lists"),
        keys: list(string({ maxLength: 16_384, description: 'A line of `authorized_keys`' }), {
          maxItems: 256,
          description: 'Added to those there are',
        }),
      }),
      { maxItems: 64, description: 'Public keys of SSH, likewise' },
    ),
  ),
  autostart: optional(boolean({ description: 'Whether it starts with each boot of the host' })),
  snapshots: optional(
    word(
      "When snapshots are made of it: @hourly, @daily, @weekly, @monthly, @yearly, or cron's five fields, by the clock of the host; `never` ends that",
    ),
  ),
  snapshotPattern: optional(
    word('Their names, with %Y, %m, %d, %H, %M and %S for the time; `auto-%Y%m%d-%H%M` if nothing is said'),
  ),
  snapshotExpiry: optional(
    word('How long each is kept: 90m, 36h, 7d, 4w; `never` for as long as nobody deletes it'),
  ),
  snapshotStopped: optional(
    boolean({ description: 'Whether they are made while it is off, too; so it is if nothing is said' }),
  ),
  backups: optional(
    word(
      'When it is backed up, as `snapshots`; `never` for one that is not, whatever ctvirtd.conf says of all, and `host` for as that says',
    ),
  ),
  backupRepository: optional(word('Which repository they go to; the usual one if nothing is said')),
  backupMounts: optional(
    oneOf(['with', 'leave'], {
      description: 'Folders of the host that it mounts: in its backups, or left out knowingly',
    }),
  ),
  backupKeep: optional(
    strict(
      {
        last: optional(integer({ minimum: 0, maximum: 999_999, description: 'The last ones' })),
        daily: optional(
          integer({ minimum: 0, maximum: 999_999, description: 'One of each of so many days' }),
        ),
        weekly: optional(integer({ minimum: 0, maximum: 999_999, description: 'The same by weeks' })),
        monthly: optional(integer({ minimum: 0, maximum: 999_999, description: 'The same by months' })),
      },
      { description: 'Which of them stay after each; all if nothing is said' },
    ),
  ),
};

/** What can be said of a domain in words, whether it is new or there. */
export const domainSettings = strict(settings, {
  title: 'DomainSettings',
  description: 'What a domain is given in words instead of a document',
});
/** What can be said of a domain in words. */
export type DomainSettings = Static<typeof domainSettings>;

/** A domain to be made of a template. */
export const createRequest = strict(
  {
    name: word('Its name'),
    type: optional(oneOf(['lxc', 'openvz', 'vserver'], { description: 'Its type; lxc without it' })),
    template: word('The template of its root'),
    image: optional(imageDefaults),
    ...settings,
    start: optional(boolean({ description: 'Whether it is started at once' })),
  },
  {
    title: 'CreateRequest',
    description:
      'A domain to be made of a template; of a dry run whose template is yet to be imported, `image` is what it would have',
  },
);
/** A domain to be made of a template. */
export type CreateRequest = Static<typeof createRequest>;

/** The domain that was made, or its document alone. */
export const createResult = object(
  {
    domain: nullable(domainSummary),
    xml: string({ description: 'The document that was made of the words' }),
    findings: list(finding, { description: 'Remarks on the document' }),
  },
  {
    title: 'CreateResult',
    description: 'A domain that was made; null and its document alone where that was asked for',
  },
);
/** The domain that was made, or its document alone. */
export type CreateResult = Static<typeof createResult>;

/** A change of a domain in words. */
export const setRequest = strict(
  {
    ...settings,
    live: optional(boolean({ description: 'Of the running domain' })),
    stored: optional(
      boolean({ description: 'Of its next start; without either, of the running one if it runs' }),
    ),
  },
  {
    title: 'SetRequest',
    description:
      'A change of a domain in words: of its document all is done or nothing, and then passwords, keys and autostart are set',
  },
);
/** A change of a domain in words. */
export type SetRequest = Static<typeof setRequest>;

/** A domain after a change in words. */
export const setResult = object(
  {
    domain: domainSummary,
    parameters: list(parameterRow, { description: 'The resource parameters that were set' }),
  },
  { title: 'SetResult', description: 'A domain after a change in words' },
);
/** A domain after a change in words. */
export type SetResult = Static<typeof setResult>;
