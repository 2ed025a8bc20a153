// ctvirt snapshot revert
// SPDX-License-Identifier: Apache-2.0
import { CliError } from '../errors.js';
import { verb } from '../verb.js';
import { describeState } from '../wording.js';
import { anyDomain, ownSnapshot } from './arguments.js';

const states = ['running', 'paused', 'shutoff'] as const;

/** Returns the domain. */
export const snapshotRevert = verb({
  name: 'snapshot revert',
  group: 'Snapshots',
  summary: 'Make files and document of a domain what they were then',
  details: [
    "One that runs is powered off for it, and started again unless something else is said. What was there before is the snapshot 'before-revert' until the domain has started: to go back, revert to that.",
  ],
  args: { domain: anyDomain, snapshot: ownSnapshot },
  options: {
    running: { type: 'flag', summary: 'Start it afterwards, also if it was off' },
    paused: { type: 'flag', summary: 'Start and suspend it' },
    shutoff: { type: 'flag', summary: 'Leave it off' },
  },
  example: { command: 'ctvirt snapshot revert web before', does: "Takes 'web' back to 'before'." },
  async run(context, { args: { domain, snapshot }, options }) {
    const [state, another] = states.filter((word) => options[word]);
    if (another !== undefined)
      throw new CliError('usage', `snapshot revert: --${state} and --${another} exclude each other`);
    const { client, io } = context;
    const body = { ...(state !== undefined && { state }) };
    const now = await context.busy(`reverting ${domain} to ${snapshot}`, (onProgress) =>
      client.snapshots.revert({ domain, snapshot, body }, { onProgress, signal: io.signal }),
    );
    const before =
      now.state === 'shutoff'
        ? "What it was before is the snapshot 'before-revert' until it starts"
        : 'What it was before is gone, since it has started: with --shutoff it is kept until then';
    context.done(
      now,
      `Domain '${now.name}' is what it was at '${snapshot}' (${describeState(now)})\n${before}`,
    );
  },
});
