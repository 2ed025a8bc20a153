// ctvirt set
// SPDX-License-Identifier: Apache-2.0
import { parameterOf, resourceRules } from '@ctvirt/formats';
import { CliError } from '../errors.js';
import { type Option, verb } from '../verb.js';
import { setOptionsHere } from '../vzctl-words.js';
import { later } from '../wording.js';
import { anyDomain } from './arguments.js';

const where = {
  live: { type: 'flag', summary: 'Change the running domain' },
  config: { type: 'flag', summary: 'Change what its next start reads' },
  current: {
    type: 'flag',
    summary: 'Change the running domain if it runs, else the stored one (as without an option)',
  },
} as const satisfies Record<string, Option>;

/** vzctl's own options beside the parameters of its files. */
const memory: Readonly<Record<string, Option>> = {
  ram: { type: 'text', value: 'BYTES', summary: 'Memory' },
  swap: { type: 'text', value: 'BYTES', summary: 'Swap' },
};

const named: Readonly<Record<string, Option>> = Object.fromEntries(
  resourceRules.map(({ key }): [string, Option] => {
    const { meaning = '', unit, bounds } = parameterOf(key) ?? {};
    const pair = bounds !== undefined || unit === 'KiB' || unit === 'inodes' ? 'N[:N]' : 'VALUE';
    return [
      key.toLowerCase(),
      { type: 'text', value: pair, summary: unit === undefined ? meaning : `${meaning} (${unit})` },
    ];
  }),
);

const lasting = 'now and after its next start';
const fleeting = 'until it stops; --config keeps it';
const transient = 'until it stops';

const limits = { ...memory, ...named };

/** Answers the parameters that were given, as the domain then has them; all of them are set or none. */
export const set = verb({
  name: 'set',
  group: 'Domains',
  summary: "Set resource parameters by OpenVZ's names, in vzctl's spelling",
  details: [
    'Values are barrier:limit, soft:hard or one number, with a suffix K, M, G or T where they count memory or space.',
    'A value that the kernel refuses changes nothing. ctvirt params shows what becomes of each parameter.',
    `Of vzctl's other options, ${setOptionsHere}.`,
  ],
  args: { domain: anyDomain },
  options: { ...where, ...limits },
  example: {
    command: 'ctvirt set 105 --numproc 200:220 --ram 512M --live --config',
    does: 'Gives 105 other limits, now and after its next start.',
  },
  async run(context, { args: { domain }, options }) {
    const { live, config, current } = options;
    if (current === true && (live === true || config === true))
      throw new CliError('usage', 'set: --current excludes --live and --config');
    const given: Readonly<Record<string, unknown>> = options;
    const values: Record<string, string> = {};
    for (const name of Object.keys(limits)) {
      const value = given[name];
      if (typeof value === 'string') values[name] = value;
    }
    const names = Object.keys(values);
    if (names.length === 0) throw new CliError('usage', 'set: nothing to set; for example --numproc 200:220');
    const body = { values, live: live === true, stored: config === true };
    // Before: afterwards a transient one may be gone.
    const before = await context.client.domains.summary({ domain });
    const rows = await context.client.domains.setParameters({ domain: before.uuid, body });
    const isLive = live || config ? live === true : before.id !== null;
    const until = isLive ? (config ? lasting : before.persistent ? fleeting : transient) : later;
    const told = names.map((name) => `${name} ${values[name]}`).join(', ');
    context.done(rows, `Domain '${before.name}': ${told} (${until})`);
  },
});
