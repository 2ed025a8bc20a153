// The daemon's own settings, /etc/ctvirt/ctvirtd.conf: libvirtd.conf's syntax, and its names where it has them.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { join } from 'node:path';
import { backupsInLine, EngineError, type EngineOptions, requireTrusted } from '@ctvirt/engine';

type Value = string | number | readonly string[];

/** One setting: what it is for, what it is without the file, and what its values must look like. */
interface Setting<T extends Value> {
  readonly doc: string;
  readonly fallback: T;
  /** Undefined for a value that does not fit. */
  readonly parse: (value: Value) => T | undefined;
  readonly expected: string;
  /** What is to be done instead, of one that is wrong in a way we know. */
  readonly advice?: (value: Value) => string | undefined;
}

const text = (doc: string, fallback: string): Setting<string> => ({
  doc,
  fallback,
  parse: (value) => (typeof value === 'string' ? value : undefined),
  expected: 'a text in quotes',
});
const flag = (doc: string): Setting<number> => ({
  doc,
  fallback: 0,
  parse: (value) => (value === 0 || value === 1 ? value : undefined),
  expected: '0 or 1',
});
const whole = (doc: string, fallback: number): Setting<number> => ({
  doc,
  fallback,
  parse: (value) => (typeof value === 'number' && value >= 0 ? value : undefined),
  expected: 'a number',
});
const clients = (doc: string, fallback: number): Setting<number> => ({
  doc,
  fallback,
  parse: (value) => (typeof value === 'number' && value > 0 ? value : undefined),
  expected: 'a number from 1',
});
const interval = (doc: string, fallback: number): Setting<number> => ({
  doc,
  fallback,
  parse: (value) =>
    typeof value === 'number' && (value === -1 || (value > 0 && value <= 86_400)) ? value : undefined,
  expected: 'a number from 1 to 86400, or -1',
});
const port = (doc: string, fallback: number): Setting<number> => ({
  doc,
  fallback,
  parse(value) {
    const number = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
    return typeof number === 'number' && number >= 0 && number <= 65_535 ? number : undefined;
  },
  expected: 'a port number',
});
const mode = (doc: string): Setting<string> => ({
  doc,
  fallback: '0600',
  parse: (value) => (typeof value === 'string' && /^0?[0-7]{3}$/.test(value) ? value : undefined),
  expected: 'permissions such as "0660"',
});
const names = (doc: string): Setting<readonly string[]> => ({
  doc,
  fallback: [],
  parse: (value) => (typeof value === 'object' ? value : undefined),
  expected: 'a list such as ["one", "two"]',
});
const word = <const W extends readonly [string, ...string[]]>(
  doc: string,
  ...words: W
): Setting<W[number]> => ({
  doc,
  fallback: words[0],
  parse: (value) => words.find((known) => known === value),
  expected: words.map((known) => `"${known}"`).join(' or '),
});

const range = (doc: string): Setting<string> => ({
  doc,
  fallback: '',
  parse(value) {
    const [, first = '', last = ''] =
      /^([1-9]\d{0,9})-(\d{1,10})$/.exec(typeof value === 'string' ? value : '') ?? [];
    const isRange = first !== '' && Number(first) <= Number(last) && Number(last) < 2 ** 32;
    return value === '' || isRange ? String(value) : undefined;
  },
  expected: 'a range such as "1000000-1065535"',
});

const pool = (doc: string): Setting<string> => ({
  doc,
  fallback: '',
  parse: (value) =>
    value === '' || (typeof value === 'string' && poolIn(value) !== undefined) ? value : undefined,
  expected: 'a text such as "zfs tank/layers" or "lvm-thin group/pool"',
});

function poolIn(text: string): EngineOptions['layerPool'] {
  const [, dataset] = /^zfs ([A-Za-z][\w.:-]*(?:\/[\w.:-]+)*)$/.exec(text) ?? [];
  if (dataset !== undefined) return { kind: 'zfs', name: dataset };
  const [, volume] = /^lvm-thin ((?!-)[\w.+-]+\/(?!-)[\w.+-]+)$/.exec(text) ?? [];
  return volume === undefined ? undefined : { kind: 'lvm-thin', name: volume };
}

const isRepository = (value: string): boolean => /^[\w.-]+( \/[^ ]+){2}$/.test(value);
/** As restic names what is not on this host: `sftp:`, `rest:`, `s3:` and the like. */
const isRemote = (place: string): boolean => /^[a-z][a-z0-9]*:/.test(place);
const repositories = (doc: string): Setting<string[]> => ({
  doc,
  fallback: [],
  parse: (value) => (Array.isArray(value) && value.every(isRepository) ? value : undefined),
  expected: 'a list such as ["default /srv/backup /etc/ctvirt/backup.password"]',
  advice: (value) => {
    const remote = (Array.isArray(value) ? value : []).map((text) => text.split(' ')[1] ?? '').find(isRemote);
    if (remote === undefined) return undefined;
    return `'${remote}' is no folder of this host: mount it (NFS, sshfs, rclone) and name the folder of the mount, or let \`restic copy\` take what is in a folder here to there (docs/guide/backup.md, "Off the host")`;
  },
});

/** Why a text is no schedule of backups; undefined of one that is. */
function scheduleFault(value: Value): string | undefined {
  try {
    if (value !== '') backupsInLine(String(value));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const schedule = (doc: string): Setting<string> => ({
  doc,
  fallback: '',
  parse: (value) => (typeof value === 'string' && scheduleFault(value) === undefined ? value : undefined),
  expected: 'a schedule such as "@daily keep-daily=7 keep-weekly=4"',
  advice: scheduleFault,
});

const place = (doc: string): Setting<string> => ({
  doc,
  fallback: '',
  parse: (value) =>
    value === '' || (typeof value === 'string' && placeIn(value) !== undefined) ? value : undefined,
  expected: 'a text such as "192.0.2.7:16580" or "[2001:db8::7]:16580"',
});

/** Address and port in such a text. */
export function placeIn(text: string): { readonly address: string; readonly port: number } | undefined {
  const [, six = '', four = '', port = ''] = /^(?:\[([0-9a-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(text) ?? [];
  const isPort = Number(port) > 0 && Number(port) <= 65_535;
  const isAddress = six === '' ? isIPv4(four) : isIPv6(six);
  return isPort && isAddress ? { address: six || four, port: Number(port) } : undefined;
}

const pki = '/etc/pki';

/** Every setting, in the order of the manual. */
export const settings = {
  unix_sock_owner: text(
    "User that owns libvirt's sockets, by name or number; the daemon's own if empty.",
    '',
  ),
  unix_sock_group: text("Group of libvirt's sockets, by name or number; the daemon's own if empty.", ''),
  unix_sock_rw_perms: mode(
    "Permissions of libvirt-sock: who may connect may do everything root's containers can.",
  ),
  unix_sock_ro_perms: mode('Permissions of libvirt-sock-ro, whose clients may only look.'),
  max_clients: clients(
    'Connections at once of each socket and port, in all; fewer where the daemon may open few files. One user of a unix socket, and one address (of IPv6: one network of 64 bits), has half of them at most.',
    5000,
  ),
  max_anonymous_clients: clients(
    'Of these, those that have not opened a connection of the protocol yet, and at the port for browsers those without a session. One more, and the oldest of them goes; so does one that is it for 30 seconds.',
    256,
  ),
  keepalive_interval: interval(
    'Seconds after which a silent client is asked whether it lives, where its library answers that; -1 for never.',
    5,
  ),
  keepalive_count: whole('How often it is asked before it counts as gone.', 5),
  libvirt_default_sockets: flag(
    'Listen at /run/libvirt/libvirt-sock too, unless a libvirtd does, so that clients need no socket in their URI.',
  ),
  listen_addr: text('Address of the TCP and TLS listeners.', '::'),
  listen_tcp: flag('Listen on plain TCP; refused unless auth_tcp says that nobody is asked who he is.'),
  tcp_port: port('Port of plain TCP.', 16_509),
  auth_tcp: word(
    'Who may connect by plain TCP: "none" lets in everyone who reaches the port.',
    'required',
    'none',
  ),
  listen_tls: flag('Listen on TLS, for clients with a certificate signed by ca_file.'),
  tls_port: port('Port of TLS.', 16_514),
  key_file: text("The daemon's private key.", `${pki}/libvirt/private/serverkey.pem`),
  cert_file: text("The daemon's certificate.", `${pki}/libvirt/servercert.pem`),
  ca_file: text('Certificate of who signs the certificates of clients.', `${pki}/CA/cacert.pem`),
  tls_allowed_names: names('Common names of clients that are let in; all with a certificate, if empty.'),
  web_listen: place(
    'Where the daemon listens for browsers and for programs that read its metrics, at any time; any address but a loopback one takes web_cert_file and web_key_file. If empty, at 127.0.0.1:16580 and [::1]:16580 once `ctvirt web` has let somebody in, until 30 minutes after the last of them.',
  ),
  web_cert_file: text(
    'Certificate of that listener, with those that it is signed by; TLS is spoken with one.',
    '',
  ),
  web_key_file: text('Its private key.', ''),
  link_walls: word(
    'What a link on a bridge or routed to may send of which no filter says anything: "up" from its own addresses alone, "down" whatever it likes.',
    'up',
    'down',
  ),
  link_connections: whole(
    'How many connections each container link may have at once of those that the host tracks, as it does for networks that translate: a flood from one leaves room in its table for the others. 0 for any number.',
    16_384,
  ),
  guarantees: word(
    'What becomes of a guarantee that this host cannot keep: "warn" lets it in and says so, "strict" refuses it, "off" does not look.',
    'warn',
    'strict',
    'off',
  ),
  guarantee_reserve_mib: whole('Memory in MiB that is promised to nobody: the host needs it itself.', 256),
  backup_repositories: repositories(
    'Where backups go, each a text of its name, the absolute path of its folder and that of the file with its password, with blanks between them: "default /srv/backup /etc/ctvirt/backup.password". `ctvirt backup init` makes both.',
  ),
  backup_schedule: schedule(
    'When each domain is backed up whose document does not say (`ctvirt backup NAME --schedule`): @hourly, @daily, @weekly, @monthly, or the five fields of cron, by the clock of the host. After it, as wanted: keep-last=, keep-daily=, keep-weekly=, keep-monthly= with how many of its backups stay, repository= with a name, mounts=with for folders of the host that it mounts, too, or mounts=leave where they are left out and that is meant so. Never if empty.',
  ),
  layers: pool(
    'Where the roots of new domains are made, what they write above their templates: each a dataset below one of ZFS, "zfs tank/layers", or a volume of a thin pool of LVM, "lvm-thin group/pool". If empty, where their folders lie: a dataset on ZFS, a subvolume on btrfs, else a folder, a project or an image. Those that are there stay as they are.',
  ),
  project_ids: range(
    "Projects of the host's quotas that disk limits are made of, where the file system of the layers enforces them; each limited layer is an image if empty.",
  ),
} as const;

/** The same, for who knows a setting by its name alone. */
const rows: ReadonlyMap<string, Setting<Value>> = new Map(Object.entries<Setting<Value>>(settings));

/** The manual page of the file, as it stands in docs/reference. */
export function formatSettings(): string {
  const lines = [...rows].map(
    ([key, { doc, fallback, expected }]) =>
      `| \`${key}\` | \`${JSON.stringify(fallback)}\` | ${expected} | ${doc} |`,
  );
  return `# ctvirtd.conf

Generated from the daemon's settings by \`npm run gen\`; do not edit.

\`/etc/ctvirt/ctvirtd.conf\`, or \`etc/ctvirtd.conf\` below \`--root\`: one \`key = value\` a line, texts in quotes, lists as
\`["one", "two"]\`, remarks after \`#\`. The daemon reads it when it starts.

| setting | default | value | meaning |
| --- | --- | --- | --- |
${lines.join('\n')}
`;
}

/** The file as it is installed: every setting with what it is for, none of them set. */
export function formatSettingsFile(): string {
  const entries = [...rows].map(
    ([key, { doc, fallback }]) => `# ${doc}\n#${key} = ${JSON.stringify(fallback)}\n`,
  );
  return `# What ctvirtd reads when it starts; see ctvirtd.conf(5). Each setting stands here with what it is without this file.\n\n${entries.join('\n')}`;
}

type Table = typeof settings;
/** Each setting by its name in the file, of its default's type; units are in the names. */
export type Settings = { readonly [K in keyof Table]: Table[K]['fallback'] };

/** What of it is the engine's. */
export const engineOptions = ({
  guarantees,
  guarantee_reserve_mib: reserveMiB,
  layers,
  project_ids: projects,
  link_walls: linkWalls,
  link_connections: linkConnections,
  backup_repositories: repositoryTexts,
  backup_schedule: backupSchedule,
}: Settings): EngineOptions => ({
  linkWalls,
  linkConnections,
  guarantees,
  reserveBytes: reserveMiB * 2 ** 20,
  layerPool: poolIn(layers),
  projectIds: rangeIn(projects),
  backupRepositories: repositoryTexts.map((text) => {
    const [name = '', path = '', passwordFile = ''] = text.split(' ');
    return { name, path, passwordFile };
  }),
  backupSchedule: backupSchedule === '' ? undefined : backupsInLine(backupSchedule),
});

function rangeIn(text: string): EngineOptions['projectIds'] {
  if (text === '') return undefined;
  const [first = 0, last = 0] = text.split('-').map(Number);
  return { start: first, count: last - first + 1 };
}

/** Reads the file in the folder of configuration; what it does not set, and all if there is none, is as by default. */
export function readSettings(folder: string): Settings {
  const path = join(folder, 'ctvirtd.conf');
  requireTrusted(path);
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return parseSettings('', path);
    throw new EngineError('invalid', `${path} cannot be read: ${String(cause)}`, { path }, { cause });
  }
  return parseSettings(content, path);
}

/** Reads `key = value` lines; throws `invalid` with the line of what is wrong. */
export function parseSettings(content: string, path: string): Settings {
  const found: Record<string, unknown> = {};
  const refuse = (line: number, what: string): never => {
    throw new EngineError('invalid', `${path} line ${line}: ${what}`, { path, line });
  };
  for (const { line, key, value } of linesOf(content, refuse)) {
    const setting =
      rows.get(key) ??
      refuse(line, `there is no setting '${key}'; known are ${Object.keys(settings).join(', ')}`);
    const parsed = setting.parse(value);
    if (parsed === undefined) {
      const advice = setting.advice?.(value);
      refuse(line, `${key} must be ${setting.expected}${advice === undefined ? '' : `; ${advice}`}`);
    }
    found[key] = parsed;
  }
  const defaults = Object.entries(settings).map(([key, { fallback }]) => [key, fallback]);
  // Each value was read by the row of its key.
  return { ...Object.fromEntries(defaults), ...found } as Settings;
}

interface Line {
  readonly line: number;
  readonly key: string;
  readonly value: Value;
}

const quoted = /"((?:[^"\\]|\\.)*)"/;
const listed = new RegExp(String.raw`^\[\s*(?:${quoted.source}(?:\s*,\s*${quoted.source})*)?\s*,?\s*\]$`);

function* linesOf(content: string, refuse: (line: number, what: string) => never): Generator<Line> {
  // A list may go on over lines.
  let pending = '';
  for (const [at, raw] of content.split('\n').entries()) {
    const part = raw.trim();
    if (part === '' || part.startsWith('#')) continue;
    const whole = pending === '' ? part : `${pending} ${part}`;
    if (/=\s*\[[^\]]*$/.test(whole)) {
      pending = whole;
      continue;
    }
    pending = '';
    const [, key = '', given = ''] = /^([A-Za-z_]\w*)\s*=\s*(.*?)\s*(?:#[^"\]]*)?$/.exec(whole) ?? [];
    const value = valueOfText(given);
    yield value === undefined
      ? refuse(at + 1, `not of the form key = value: ${whole}`)
      : { line: at + 1, key, value };
  }
  if (pending !== '') refuse(content.split('\n').length, 'the list has no end');
}

function valueOfText(given: string): Value | undefined {
  if (/^-?\d{1,9}$/.test(given)) return Number(given);
  if (listed.test(given))
    return [...given.matchAll(new RegExp(quoted, 'g'))].map(([, item = '']) => plain(item));
  const [whole, inner = ''] = quoted.exec(given) ?? [];
  return whole === given && given !== '' ? plain(inner) : undefined;
}

const plain = (escaped: string): string => escaped.replace(/\\(.)/g, '$1');

/** A user's or group's number, by name or by itself; -1 for none. Throws `invalid` for one this host does not have. */
export function accountId(kind: 'passwd' | 'group', name: string): number {
  if (name === '') return -1;
  if (/^\d{1,10}$/.test(name)) return Number(name);
  const row = readFileSync(`/etc/${kind}`, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([known]) => known === name);
  if (row === undefined)
    throw new EngineError('invalid', `/etc/${kind} has no '${name}', which ctvirtd.conf names`, { name });
  return Number(row[2]);
}
