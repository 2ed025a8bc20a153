// ctvirt set
// SPDX-License-Identifier: Apache-2.0

import type { DomainSettings, DomainSummary } from '@ctvirt/api';
import { commandFor } from '@ctvirt/xml';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { type Options, verb } from '../verb.js';
import { setOptionsHere } from '../vzctl-words.js';
import { later } from '../wording.js';
import { afterTable } from './host-guarantees.js';
import { limitOptions, mountOf, settingOptions, settingsOf, usersOf } from './settings.js';
import { anyDomains, checkSeveral, eachDomain, type Several, severalOptions, type Told } from './several.js';
import { describeOrder, orderOf, orderOptions } from './start-order.js';

const where = {
  live: { type: 'flag', summary: 'Change the running domain' },
  config: { type: 'flag', summary: 'Change what its next start reads' },
  save: { type: 'flag', summary: "As vzctl's: both, or the stored one alone of a domain that is off" },
  current: {
    type: 'flag',
    summary: 'Change the running domain if it runs, else the stored one (as without an option)',
  },
} as const satisfies Options;

const asking = {
  'what-if': {
    type: 'flag',
    summary: 'Change nothing: show what would be promised then, and what could be promised besides',
  },
} as const satisfies Options;

const changes = {
  name: { type: 'text', value: 'NAME', summary: 'Another name, of a domain that is off' },
  profile: {
    type: 'text',
    value: 'PROFILE',
    complete: 'profile',
    summary: "The parameters of this profile, as vzctl's --applyconfig; what is said besides goes before",
  },
  ipadd: { type: 'texts', value: 'ADDRESS', summary: 'Address that it gets besides' },
  ipdel: { type: 'texts', value: 'ADDRESS', summary: 'Address that it loses; all of them by the word all' },
  ...settingOptions,
  network: {
    ...settingOptions.network,
    summary:
      'With --ipadd and --rate: the interface on this network, made where there is none (default: the routed one, else the first)',
  },
  'network-add': {
    type: 'texts',
    value: 'NETWORK',
    complete: 'network',
    summary: 'Network, or bridge of the host, on which it gets an interface besides',
  },
  'network-del': {
    type: 'texts',
    value: 'NETWORK',
    complete: 'network',
    summary: 'Network whose interface it loses, with its addresses',
  },
  'mount-add': {
    type: 'texts',
    value: 'SOURCE:TARGET[:ro]',
    summary: 'Directory of the host that it gets, and where it is inside',
  },
  'mount-del': { type: 'texts', value: 'TARGET', summary: 'Directory that it loses' },
  'device-add': {
    type: 'texts',
    value: 'DEVICE',
    complete: 'file',
    summary:
      'Device of the host that it gets: the path of its file, such as /dev/net/tun, or the name of a link',
  },
  'device-del': { type: 'texts', value: 'DEVICE', summary: 'Device that it loses' },
  userpasswd: {
    type: 'texts',
    value: 'USER:PASSWORD',
    summary: 'Password of a user inside; - for it is a line of standard input',
  },
  onboot: {
    type: 'text',
    value: 'yes|no',
    complete: ['yes', 'no'],
    summary: 'Start it with each boot of the host',
  },
} as const satisfies Options;

const lasting = 'now and after its next start';
const fleeting = 'until it stops; --config keeps it';
const transient = 'until it stops';

/** JSON is the domain and the parameters that were given, as it then has them, of several an array; all that was said is set or nothing. */
export const set = verb({
  name: 'set',
  group: 'Domains',
  summary: "Change what domains have, by vzctl's words: parameters, addresses, names, directories",
  details: [
    'Values are barrier:limit, soft:hard or one number, with a suffix K, M, G or T where they count memory or space.',
    'A value that the kernel refuses changes nothing. ctvirt params shows what becomes of each parameter.',
    'A schedule of snapshots is of the domain, whichever of --live and --config is said: the daemon makes them, and deletes those whose time is over.',
    'An order and a delay are for the start of the host (ctvirt autostart), whichever of --live and --config is said.',
    `Of vzctl's other options, ${setOptionsHere}.`,
  ],
  args: { domains: anyDomains },
  options: () => ({
    ...where,
    ...asking,
    ...orderOptions,
    ...severalOptions('Every domain'),
    ...changes,
    ...limitOptions(),
  }),
  example: {
    command: 'ctvirt set 105 --numproc 200:220 --ram 512M --live --config',
    does: 'Gives 105 other limits, now and after its next start.',
  },
  async run(context, { args: { domains }, options }) {
    const { live, config, save, current, all, parallel } = options;
    if (current && (live || config || save))
      throw new CliError('usage', 'set: --current excludes --live, --config and --save');
    const several = { domains, all, parallel };
    checkSeveral('set', several);
    const settings: DomainSettings = {
      ...changesOf(options),
      ...(await usersOf(context, 'set', { keys: options['ssh-key'], passwords: options.userpasswd })),
    };
    const said = wordsOf(settings);
    const order = orderOf('set', options);
    const isOrdered = Object.keys(order).length > 0;
    const { name } = options;
    if (options['what-if']) {
      if (live || config || save || current || isOrdered || name !== undefined || parallel !== undefined)
        throw onlyParameters();
      return await showWhatIf(context, several, settings);
    }
    if (name !== undefined && (all || domains.length > 1))
      throw new CliError('usage', 'set: --name is for one domain');
    if (said.length === 0 && !isOrdered && name === undefined)
      throw new CliError(
        'usage',
        options.network === undefined
          ? 'set: nothing to set; for example --numproc 200:220'
          : `set: --network says whose interface --ipadd and --rate are for; --network-add ${options.network} gives it one`,
      );
    const { autostart: _autostart, passwords: _passwords, sshKeys: _keys, ...more } = settings;
    const { snapshots: _when, snapshotPattern: _pattern, ...others } = more;
    const { snapshotExpiry: _expiry, snapshotStopped: _stopped, ...document } = others;
    const isOfDocument = Object.keys(document).length > 0;
    const { client } = context;
    const change = async (before: DomainSummary): Promise<Told> => {
      const ordered = isOrdered
        ? await client.domains.autostart({ domain: before.uuid, body: order })
        : undefined;
      const whenStarted = `${describeOrder(order)} (when the host starts)`;
      if (ordered !== undefined && said.length === 0)
        return { data: ordered, sentence: `Domain '${ordered.name}': ${whenStarted}` };
      const targets = { live: live || (save && before.id !== null), stored: config || save };
      const data = await client.domains.set({ domain: before.uuid, body: { ...settings, ...targets } });
      const until = isOfDocument ? ` (${untilOf(before, targets)})` : '';
      return {
        data,
        sentence: `Domain '${data.domain.name}': ${said.join(', ')}${until}${isOrdered ? `; ${whenStarted}` : ''}`,
      };
    };
    return await eachDomain(context, several, {
      verb: 'set',
      doing: 'changing',
      listed: () => client.domains.list({}),
      async operation(domain) {
        // Before: afterwards a transient one may be gone.
        const before = await client.domains.summary({ domain });
        if (name === undefined) return await change(before);
        const renamed = await client.domains.rename({ domain: before.uuid, body: { name } });
        const sentence = `Domain '${before.name}' renamed to '${name}'`;
        if (said.length === 0 && !isOrdered) return { data: renamed, sentence };
        try {
          const { data, sentence: others } = await change(renamed);
          return { data, sentence: `${sentence}\n${others}` };
        } catch (error) {
          // Nothing of it is done; where its name cannot be given back either, the remark says how to.
          await client.domains
            .rename({ domain: before.uuid, body: { name: before.name } })
            .catch(() =>
              context.remark(`it is called '${name}' now: ${commandFor('rename', [name, before.name])}`),
            );
          throw error;
        }
      },
    });
  },
});

const onlyParameters = (): CliError =>
  new CliError('usage', 'set: --what-if goes with parameters alone; for example --vmguarpages 256M');

/** Of those that are off as if they ran; what a parameter does not promise changes nothing of it. */
async function showWhatIf(
  context: Context,
  { domains, all }: Several,
  settings: DomainSettings,
): Promise<void> {
  const { values, ...others } = settings;
  if (values === undefined || Object.keys(others).length > 0) throw onlyParameters();
  const { client } = context;
  const named = all ? (await client.domains.list({})).map(({ uuid }) => uuid) : [...domains];
  if (named.length === 0) return context.print([], () => '');
  const report = await client.guarantees.whatIf({ body: { domains: named, values } });
  context.print(report, (width) => afterTable(report, width, 'Then'));
}

function untilOf(
  { id, persistent }: DomainSummary,
  { live, stored }: { live: boolean; stored: boolean },
): string {
  const isLive = live || stored ? live : id !== null;
  if (!isLive) return later;
  if (stored) return lasting;
  return persistent ? fleeting : transient;
}

function changesOf(
  options: Parameters<typeof settingsOf>[1] & {
    readonly ipadd: readonly string[];
    readonly ipdel: readonly string[];
    readonly profile: string | undefined;
    readonly 'network-add': readonly string[];
    readonly 'network-del': readonly string[];
    readonly 'mount-add': readonly string[];
    readonly 'mount-del': readonly string[];
    readonly 'device-add': readonly string[];
    readonly 'device-del': readonly string[];
    readonly onboot: string | undefined;
  },
): DomainSettings {
  const { profile, 'network-add': networks, 'network-del': left } = options;
  const { ipadd, ipdel, 'mount-add': mounts, 'mount-del': unmounted, onboot } = options;
  const { 'device-add': devices, 'device-del': lost } = options;
  if (onboot !== undefined && onboot !== 'yes' && onboot !== 'no')
    throw new CliError('usage', `set: --onboot is yes or no, not '${onboot}'`);
  return {
    ...settingsOf('set', options),
    ...(profile !== undefined && { profile }),
    ...(networks.length > 0 && { addNetworks: networks }),
    ...(left.length > 0 && { removeNetworks: left }),
    ...(ipadd.length > 0 && { addAddresses: ipadd }),
    ...(ipdel.length > 0 && { removeAddresses: ipdel }),
    ...(mounts.length > 0 && { addMounts: mounts.map((word) => mountOf('set', word)) }),
    ...(unmounted.length > 0 && { removeMounts: unmounted }),
    ...(devices.length > 0 && { addDevices: devices }),
    ...(lost.length > 0 && { removeDevices: lost }),
    ...(onboot !== undefined && { autostart: onboot === 'yes' }),
  };
}

/** `numproc 200:220`, `with 10.0.0.5`: what is told of a change. */
function wordsOf(settings: DomainSettings): string[] {
  const { values = {}, hostname, nameservers, searchDomains, description, rate, autostart } = settings;
  const { passwords = [], sshKeys = [] } = settings;
  const { addNetworks = [], removeNetworks = [] } = settings;
  const { addAddresses = [], removeAddresses = [], addMounts = [], removeMounts = [] } = settings;
  const { addDevices = [], removeDevices = [] } = settings;
  const one = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${name} ${value}`];
  return [
    ...one('profile', settings.profile),
    ...Object.entries(values).map(([name, value]) => `${name} ${value}`),
    ...removeNetworks.map((network) => `without network ${network}`),
    ...addNetworks.map((network) => `with network ${network}`),
    ...removeAddresses.map((address) => `without ${address === 'all' ? 'any address before' : address}`),
    ...addAddresses.map((address) => `with ${address}`),
    ...one('hostname', hostname),
    ...one('nameserver', nameservers?.join(' ')),
    ...one('searchdomain', searchDomains?.join(' ')),
    ...(description === undefined ? [] : ['another description']),
    ...one('rate', rate),
    ...removeMounts.map((target) => `without ${target}`),
    ...addMounts.map(({ source, target }) => `with ${source} at ${target}`),
    ...removeDevices.map((device) => `without ${device}`),
    ...addDevices.map((device) => `with ${device}`),
    ...passwords.map(({ user }) => `password of ${user}`),
    ...sshKeys.map(({ user }) => `SSH keys of ${user}`),
    ...one('snapshots', settings.snapshots),
    ...one('named', settings.snapshotPattern),
    ...one('kept', settings.snapshotExpiry),
    ...one(
      'of one that is off:',
      settings.snapshotStopped === undefined ? undefined : settings.snapshotStopped ? 'yes' : 'no',
    ),
    ...(autostart === undefined ? [] : [autostart ? 'marked as autostarted' : 'unmarked as autostarted']),
  ];
}
