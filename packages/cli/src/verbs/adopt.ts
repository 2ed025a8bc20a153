// ctvirt adopt
// SPDX-License-Identifier: Apache-2.0
import { type AdoptResult, ApiError } from '@ctvirt/api';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { hasColour, widthOf } from '../io.js';
import { didYouMean } from '../suggestion.js';
import { verb } from '../verb.js';

const systems = ['openvz', 'lxc', 'vserver'] as const;
type System = (typeof systems)[number];

/** JSON has the results of those adopted, in the order they were named; with a single one its failure is the error itself. */
export const adopt = verb({
  name: 'adopt',
  group: 'Domains',
  summary: 'Define containers of OpenVZ, LXC or Linux-VServer on their own files, where they lie',
  details: [
    'The configuration is /etc/vz/conf/CTID.conf, /var/lib/lxc/NAME/config or the folder /etc/vservers/NAME; what became of each key is told on stderr. Nothing of the container is changed, nor the owner of any file: the domain sees its files through an id-mapped mount. See that its old system does not start it as well.',
    "--dry-run defines nothing, and 'ctvirt adopt list' tells what there is. 'ctvirt convert --in-place' shows the document. 'ctvirt undefine' leaves the files alone, and refuses --storage.",
    'A container that is refused costs only itself: the status is then that of the first refusal.',
  ],
  args: {
    system: { summary: 'openvz, lxc or vserver', complete: systems },
    name: { summary: "A container's name there; of OpenVZ's, its CTID or a name it has", many: true },
  },
  options: {
    config: {
      type: 'text',
      value: 'PATH',
      complete: 'file',
      summary: 'The configuration (default: where its system keeps it)',
    },
    private: {
      type: 'text',
      value: 'DIR',
      complete: 'directory',
      summary: 'The directory with its files (default: what the configuration says, or /vz/private/CTID)',
    },
    losses: { type: 'flag', summary: 'Tell only keys that are approximated or ignored' },
    'dry-run': { type: 'flag', summary: 'Tell the same, and define nothing' },
  },
  example: {
    command: 'ctvirt adopt openvz 105',
    does: 'Defines container 105 of this host on its own private area.',
  },
  async run(context, { args: { system, name: names }, options }) {
    const { config, private: files, losses, 'dry-run': dryRun } = options;
    if (!isSystem(system))
      throw new CliError(
        'usage',
        `adopt: a container is adopted from ${systems.join(', ')}, not '${system}'${didYouMean(system, systems)}`,
      );
    if (names.length > 1 && (config !== undefined || files !== undefined))
      throw new CliError('usage', 'adopt: --config and --private are of one container: name one');
    const { resolve } = await import('node:path');
    const places = {
      ...(config !== undefined && { config: resolve(config) }),
      ...(files !== undefined && { private: resolve(files) }),
    };
    const adopted: AdoptResult[] = [];
    const isMany = names.length > 1;
    let status: number | undefined;
    for (const name of names) {
      try {
        const body = { format: system, name, ...places };
        const result = await context.busy(`adopting ${name}`, () =>
          context.client.domains.adopt({ body, dryRun }),
        );
        adopted.push(result);
        if (!context.isJson) await tell(context, result, { losses, heading: isMany ? name : undefined });
      } catch (error) {
        if (!(error instanceof ApiError) || error.code === 'unreachable' || !isMany) throw error;
        const own = context.tellError(named(error, name));
        status ??= own;
      }
    }
    if (context.isJson) context.print(adopted, () => '');
    else if (isMany)
      context.remark(
        `${adopted.length} ${dryRun ? 'can be ' : ''}adopted, ${names.length - adopted.length} not`,
      );
    return status ?? 0;
  },
});

const isSystem = (word: string): word is System => systems.some((system) => system === word);

/** The error with the container it is about, where there are others. */
const named = (error: ApiError, name: string): ApiError =>
  new ApiError(error.code, `${name}: ${error.message}`, error, { cause: error });

async function tell(
  context: Context,
  { domain, name, xml, findings, report }: AdoptResult,
  { losses, heading }: { losses: boolean; heading: string | undefined },
): Promise<void> {
  const { reportTable, summarize } = await import('../conversion/report-table.js');
  const shown = losses ? report.filter(({ status }) => status !== 'carried') : report;
  const { stderr, env } = context.io;
  if (heading !== undefined && shown.length + findings.length > 0) context.remark(`${heading}:`);
  if (shown.length > 0)
    context.remarkTable(reportTable(shown, { colour: hasColour(stderr, env), width: widthOf(stderr) }));
  context.warn(findings, name);
  const warned =
    findings.length === 0 ? '' : `, ${findings.length} warning${findings.length === 1 ? '' : 's'}`;
  if (domain === null)
    return context.done({ xml }, `Domain '${name}' would be adopted: ${summarize(report)}${warned}`);
  const starts = domain.autostart ? '; it starts with this host' : '';
  context.done(domain, `Domain '${name}' adopted: ${summarize(report)}${warned}${starts}`);
}
