// ctvirt migrate
// SPDX-License-Identifier: Apache-2.0

import type { MoveReport } from '@ctvirt/api';
import { commandFor } from '@ctvirt/xml';
import { interruptible } from '../context.js';
import { CliError } from '../errors.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { anyDomain } from './arguments.js';
import { tellMissing } from './copying.js';

const keepers = ['here', 'there'] as const;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function sentence({
  domain,
  to,
  moved,
  state,
  bytes,
  passes,
  files,
  templates,
  downMs,
  downMsThere,
  failure,
}: MoveReport): string {
  const along =
    templates.length === 0 ? '' : `, with ${templates.map((one) => `template '${one}'`).join(', ')}`;
  if (!moved) return `Domain '${domain}' can go to ${to}${along}`;
  const down =
    downMs === null
      ? ''
      : `, was down for ${seconds(downMs)}${downMsThere === null ? '' : ` (${seconds(downMsThere)} by the clock there)`}`;
  const why = failure === null ? '' : `, where it does not start: ${failure}`;
  const each = passes
    .map(({ bytes: part, ms, snapshot }) => {
      const what = snapshot === undefined ? '' : `snapshot '${snapshot}' `;
      return `${what}${describeBytes(part)} in ${seconds(ms)}`;
    })
    .join(', ');
  const sent = passes.length > 1 ? `${describeBytes(bytes)} sent (${each})` : `${describeBytes(bytes)} sent`;
  return `Domain '${domain}' is at ${to} now, ${state}${along}${why}: ${files} files, ${sent}${down}`;
}

/** Returns the report; of a domain that is there and does not start, or has left something of this host behind, the exit status is 1. */
export const migrate = verb({
  name: 'migrate',
  aliases: ['move'],
  group: 'Domains',
  summary: 'Move a domain to another host',
  details: [
    "The daemon here speaks to the one there, by ssh, TLS or a socket. Its files are sent while it runs, and what changes meanwhile again; it is shut down here, the rest is sent, all of it compared, and it is started there with its own UUID, addresses and limits. What fails before it was given away leaves it here, running if it ran; from then on it is the other host's. Its files here are kept for a day (`ctvirt root list`).",
    'Templates that are not there by their digests are sent first, once, and its snapshots go along. Networks, and folders, files and devices of the host, are not moved: its document names those of the other one. Folders and files that are not there are refused before anything is stopped; all are told, and the exit status is 1 then.',
  ],
  args: {
    domain: anyDomain,
    to: { summary: 'URI of the ctvirtd there, such as ctvirt+ssh://HOST/', optional: true },
  },
  options: {
    'dry-run': { type: 'flag', summary: 'Ask the other host what it would not keep, and move nothing' },
    timeout: { type: 'whole', value: 'SECONDS', summary: 'How long it may take to power off (60)' },
    bandwidth: { type: 'whole', value: 'MIB', summary: 'How many MiB of its files may go in a second' },
    keeper: {
      type: 'text',
      value: 'HOST',
      summary: 'Of a move that the other host will never answer: who has the domain, here or there',
      complete: keepers,
    },
  },
  example: {
    command: 'ctvirt migrate web ctvirt+ssh://root@far.example.org/',
    does: "Moves 'web' to that host.",
  },
  async run(context, { args: { domain, to }, options }) {
    const { client, io } = context;
    const { keeper: word, timeout, bandwidth } = options;
    if (word !== undefined) {
      const keeper = keepers.find((one) => one === word);
      if (keeper === undefined || to !== undefined)
        throw new CliError('usage', 'migrate: --keeper is here or there, and stands without a URI');
      await client.domains.resolveMove({ domain, body: { keeper } });
      return context.done(
        { domain, keeper },
        `Domain '${domain}' is the ${keeper === 'here' ? 'one of this host' : "other host's"}`,
      );
    }
    if (to === undefined) throw new CliError('usage', 'migrate: where to? ctvirt+ssh://HOST/, say');
    const body = {
      to,
      ...(options['dry-run'] && { dryRun: true }),
      ...(timeout !== undefined && { stopMs: timeout * 1000 }),
      ...(bandwidth !== undefined && { bytesPerSecond: bandwidth * 2 ** 20 }),
    };
    const report = await interruptible(
      () =>
        context.busy(`moving ${domain}`, (onProgress) =>
          client.domains.move({ domain, body }, { onProgress, signal: io.signal }),
        ),
      `the domain stays here, unless it was given away by then (\`${commandFor('job info', [domain])}\`)`,
    );
    for (const finding of report.findings) context.remark(`not kept there: ${finding}`);
    context.done(report, sentence(report));
    const left = tellMissing(context, { outside: report.outside, remarks: [] }, 'not moved');
    return report.failure === null ? left : 1;
  },
});
