// ctvirt web
// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import { isSessionRole, pageRoles, type SessionRole, type WebEntry, type WebSession } from '@ctvirt/api';
import { CliError } from '../errors.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';

/** As they are told of. */
const roles = [...pageRoles, 'metrics'] as const;
const roleIn = (text: string | undefined): SessionRole | undefined =>
  isSessionRole(text) ? text : undefined;

const unitSeconds: Readonly<Record<string, number>> = {
  m: 60,
  h: 3600,
  d: 86_400,
  y: 365 * 86_400,
};

function secondsIn(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([mhdy])$/.exec(text) ?? [];
  const seconds = Number(count) * (unitSeconds[unit] ?? 0);
  if (seconds === 0)
    throw new CliError('usage', `web: --for is a time such as 30m, 12h, 7d or 10y, not '${text}'`);
  return seconds;
}

const head = ['Id', 'Role', 'State', 'Since', 'Until', 'Last used'];
const moment = (time: string): string => `${time.slice(0, 19)}Z`;
const row = ({ id, role, state, createdAt, expiresAt, lastUsedAt }: WebSession): readonly string[] => [
  ...[id, role, state, moment(createdAt), moment(expiresAt)],
  lastUsedAt === null ? '-' : moment(lastUsedAt),
];

/** JSON is the entry with its link or token, the list, or what was revoked. */
export const web = verb({
  name: 'web',
  group: 'Host',
  summary: 'Let one into the web console, or see who is in',
  details: [
    'Prints a link that is good once and for 60 seconds. Whoever opens it has a session of 12 hours, which ends earlier when it is not used for half an hour. The daemon listens from then on, for this host alone: from another one comes the line with ssh -L. web_listen of ctvirtd.conf opens another address, with TLS.',
    'Roles: a viewer looks, and changes nothing; an operator (the default) runs domains and is root in them: start, stop, limits, terminals, files; an admin may all: define, erase, templates, networks.',
    '--role metrics prints a token for a program that reads /metrics and may nothing else, such as Prometheus: `authorization: {credentials_file: FILE}`. It is told this once and lasts 10 years, or as long as --for says.',
  ],
  args: {},
  options: {
    role: {
      type: 'text',
      value: 'ROLE',
      summary: 'viewer, operator, admin or metrics (default: operator)',
      complete: roles,
    },
    for: { type: 'text', value: 'TIME', summary: 'How long, such as 30m, 8h or 10y (default: 12h)' },
    list: { type: 'flag', summary: 'Show links, sessions and tokens' },
    revoke: { type: 'text', value: 'ID', summary: 'End one, with all that is open in it' },
  },
  example: {
    command: 'ctvirt web --role viewer --for 2h',
    does: 'Prints a link for who may look, until two hours from now.',
  },
  async run(context, { options: { role: roleText, for: length, list, revoke } }) {
    const isOpening = roleText !== undefined || length !== undefined;
    if ([isOpening, list, revoke !== undefined].filter(Boolean).length > 1)
      throw new CliError('usage', 'web: --list, --revoke and a new link exclude each other');
    const { web: sessions } = context.client;
    if (list) {
      const known = await sessions.list();
      context.print(known, (width) => formatTable(head, known.map(row), width));
      return;
    }
    if (revoke !== undefined) {
      const ended = await sessions.revoke({ session: revoke });
      context.done(ended, `Session ${ended.id} (${ended.role}) ended`);
      return;
    }
    const role = roleIn(roleText);
    if (roleText !== undefined && role === undefined)
      throw new CliError('usage', `web: --role is ${roles.join(', ')}, not '${roleText}'`);
    const entry = await sessions.open({
      body: {
        ...(role !== undefined && { role }),
        ...(length !== undefined && { forSeconds: secondsIn(length) }),
      },
    });
    context.print(entry, () => `${entry.link ?? entry.token}\n`);
    if (!context.isJson) for (const remark of remarksOn(entry)) context.remark(remark);
  },
});

/** What a person wants to know beside the link, which a script reads alone. */
function remarksOn({ id, role, url, link, isLocal, expiresAt }: WebEntry): string[] {
  const { port, protocol } = new URL(url);
  const tunnel = `ssh -N -L ${port}:127.0.0.1:${port} root@${hostname()}`;
  const what =
    link === null
      ? `Token ${id} reads ${url}/metrics until ${moment(expiresAt)}.`
      : `Good once, for 60 seconds; the session (${role}) ends ${moment(expiresAt)} at the latest.`;
  const away = isLocal && protocol === 'http:' ? [`From another host first: ${tunnel}`] : [];
  return [what, ...away, `ctvirt web --revoke ${id} ends it.`];
}
