// What create and set say of a domain in words, in vzctl's spelling where it has them.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSettings, MountSetting } from '@ctvirt/api';
import { parameterOf, resourceRules } from '@ctvirt/formats';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import type { Option, Options } from '../verb.js';

const names = {
  hostname: { type: 'text', value: 'NAME', summary: 'Host name inside' },
  nameserver: {
    type: 'texts',
    value: 'ADDRESS',
    summary: 'Name server; for several it is given several times',
  },
  searchdomain: { type: 'texts', value: 'DOMAIN', summary: 'Where short names are looked up, likewise' },
  description: { type: 'text', value: 'TEXT', summary: 'A text for people' },
} as const satisfies Options;

const schedule = {
  snapshots: {
    type: 'text',
    value: 'WHEN',
    complete: ['@hourly', '@daily', '@weekly', '@monthly', 'never'],
    summary: "When snapshots are made: @daily and the like, or cron's five fields; never ends that",
  },
  'snapshot-pattern': {
    type: 'text',
    value: 'PATTERN',
    summary: 'Their names, with %Y %m %d %H %M %S for the time (default: auto-%Y%m%d-%H%M)',
  },
  'snapshot-expiry': {
    type: 'text',
    value: 'SPAN',
    summary: 'How long each is kept: 36h, 7d, 4w (default: never, until somebody deletes it)',
  },
  'snapshot-stopped': {
    type: 'text',
    value: 'yes|no',
    complete: ['yes', 'no'],
    summary: 'Whether they are made while it is off, too (default: yes)',
  },
} as const satisfies Options;

const links = {
  network: {
    type: 'text',
    value: 'NETWORK',
    complete: 'network',
    summary: 'Network, or bridge of the host, that its interface is on (default: none, it is routed)',
  },
  rate: {
    type: 'text',
    value: 'RATE',
    summary: 'What passes its interfaces in each direction: 10mbit, 500kbit, 1gbit, unlimited',
  },
} as const satisfies Options;

/** Beside the parameters of vzctl's files. */
const sizes: Readonly<Record<string, Option>> = {
  ram: { type: 'text', value: 'BYTES', summary: 'Memory' },
  swap: { type: 'text', value: 'BYTES', summary: 'Swap' },
  disk: { type: 'text', value: 'SIZE', summary: 'Space of its root: another word for --diskspace' },
};

const parameters = (): [string, Option][] =>
  resourceRules.map(({ key }): [string, Option] => {
    const { meaning = '', unit, bounds } = parameterOf(key) ?? {};
    const pair = bounds !== undefined || unit === 'KiB' || unit === 'inodes' ? 'N[:N]' : 'VALUE';
    return [
      key.toLowerCase(),
      { type: 'text', value: pair, summary: unit === undefined ? meaning : `${meaning} (${unit})` },
    ];
  });

const users = {
  'ssh-key': {
    type: 'texts',
    value: 'FILE',
    complete: 'file',
    summary: 'File with public keys that root gets, such as ~/.ssh/id_ed25519.pub; - is standard input',
  },
} as const satisfies Options;

/** Resource parameters by OpenVZ's names. */
export const limitOptions = (): Readonly<Record<string, Option>> => ({
  ...sizes,
  ...Object.fromEntries(parameters()),
});

/** What both say alike. */
export const settingOptions = { ...names, ...links, ...users, ...schedule } as const;

interface Said {
  readonly hostname: string | undefined;
  readonly nameserver: readonly string[];
  readonly searchdomain: readonly string[];
  readonly description: string | undefined;
  readonly network: string | undefined;
  readonly rate: string | undefined;
}

interface Scheduled {
  readonly snapshots: string | undefined;
  readonly 'snapshot-pattern': string | undefined;
  readonly 'snapshot-expiry': string | undefined;
  readonly 'snapshot-stopped': string | undefined;
}

/** The parameters that were given, by the names the daemon has for them. */
function valuesOf(options: Readonly<Record<string, unknown>>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of Object.keys(limitOptions())) {
    const value = options[name];
    if (typeof value === 'string') values[name === 'disk' ? 'diskspace' : name] = value;
  }
  return values;
}

/** What was said of a domain by the options of both verbs. */
export function settingsOf(verb: string, options: Said & Scheduled): DomainSettings {
  const { hostname, nameserver, searchdomain, description, network, rate } = options;
  const values = valuesOf({ ...options });
  return {
    ...(Object.keys(values).length > 0 && { values }),
    ...(hostname !== undefined && { hostname }),
    ...(nameserver.length > 0 && { nameservers: nameserver }),
    ...(searchdomain.length > 0 && { searchDomains: searchdomain }),
    ...(description !== undefined && { description }),
    ...(network !== undefined && { network }),
    ...(rate !== undefined && { rate }),
    ...scheduleOf(verb, options),
  };
}

function scheduleOf(verb: string, options: Scheduled): Partial<DomainSettings> {
  const { snapshots, 'snapshot-pattern': pattern, 'snapshot-expiry': expiry } = options;
  const { 'snapshot-stopped': stopped } = options;
  if (stopped !== undefined && stopped !== 'yes' && stopped !== 'no')
    throw new CliError('usage', `${verb}: --snapshot-stopped is yes or no, not '${stopped}'`);
  return {
    ...(snapshots !== undefined && { snapshots }),
    ...(pattern !== undefined && { snapshotPattern: pattern }),
    ...(expiry !== undefined && { snapshotExpiry: expiry }),
    ...(stopped !== undefined && { snapshotStopped: stopped === 'yes' }),
  };
}

/** What users get: keys of these files for root, and passwords as `USER:PASSWORD`, of which a `-` stands for a line of standard input. */
export async function usersOf(
  context: Context,
  verb: string,
  { keys, passwords }: { readonly keys: readonly string[]; readonly passwords: readonly string[] },
): Promise<Pick<DomainSettings, 'passwords' | 'sshKeys'>> {
  const texts = await Promise.all(keys.map((file) => context.readText(file)));
  const lines = texts.flatMap((text) => text.split(/\r?\n/)).filter((line) => /^\s*[^\s#]/.test(line));
  if (keys.length > 0 && lines.length === 0)
    throw new CliError('usage', `${verb}: there is no key in ${keys.join(', ')}`);
  const said = await Promise.all(
    passwords.map(async (word) => {
      const [, user, password] = /^([^:]+):(.+)$/s.exec(word) ?? [];
      if (user === undefined || password === undefined)
        throw new CliError('usage', `${verb}: a password is given as USER:PASSWORD, not '${word}'`);
      if (password !== '-') return { user, password };
      return { user, password: (await context.readText('-')).split('\n')[0] ?? '' };
    }),
  );
  return {
    ...(said.length > 0 && { passwords: said }),
    ...(lines.length > 0 && { sshKeys: [{ user: 'root', keys: lines }] }),
  };
}

/** `/srv/www:/var/www:ro`; the host's path may have colons, that inside has none. */
export function mountOf(verb: string, word: string): MountSetting {
  const [, source, target, mode] = /^(.+?):(\/[^:]*)(?::(ro|rw))?$/.exec(word) ?? [];
  if (source === undefined || target === undefined)
    throw new CliError('usage', `${verb}: a directory is SOURCE:TARGET or SOURCE:TARGET:ro, not '${word}'`);
  return { source, target, ...(mode === 'ro' && { readonly: true }) };
}
