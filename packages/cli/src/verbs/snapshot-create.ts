// ctvirt snapshot create
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';
import { waited } from './copying.js';

/** Returns the snapshot; a name that is taken is refused with `exists`. */
export const snapshotCreate = verb({
  name: 'snapshot create',
  group: 'Snapshots',
  summary: 'Take a snapshot of a domain, whether it runs or not',
  details: [
    'It has the files of the domain and its document, not what its programs have in memory: those find after a revert what they would find after a power cut.',
    'A domain that runs stands still while its files are copied, or its writes wait: for milliseconds where the file system can copy without reading (images on XFS or btrfs), else as long as a copy takes. How long it was is told.',
    'What is mounted in the domain beside its root, such as folders of the host, is no part of it, and is named.',
    'Without SNAPSHOT it is called after the time, in UTC.',
  ],
  args: { domain: anyDomain, snapshot: { summary: 'Name it gets', optional: true } },
  options: {
    description: { type: 'text', value: 'TEXT', summary: 'A text for people' },
    expires: {
      type: 'text',
      value: 'TIME',
      summary: 'The schedule may delete it from then on, such as 2026-12-31T00:00:00Z',
    },
  },
  example: {
    command: 'ctvirt snapshot create web before --description upgrade',
    does: "Keeps what 'web' is now as 'before'.",
  },
  async run(context, { args: { domain, snapshot }, options: { description, expires } }) {
    const { client, io } = context;
    const body = {
      ...(snapshot !== undefined && { name: snapshot }),
      ...(description !== undefined && { description }),
      ...(expires !== undefined && { expiresAt: expires }),
    };
    const made = await context.busy(`taking a snapshot of ${domain}`, (onProgress) =>
      client.snapshots.create({ domain, body }, { onProgress, signal: io.signal }),
    );
    context.done(made, `Snapshot '${made.name}' of '${domain}' taken${waited(made)}`);
    if (context.isJson) return;
    for (const { target, source } of made.outside)
      context.remark(`${target} is no part of it: it is ${source}`);
  },
});
