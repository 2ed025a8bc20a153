// ctvirt network events
// SPDX-License-Identifier: Apache-2.0
import { printable } from '../printable.js';
import { verb } from '../verb.js';
import { capitalise } from '../wording.js';
import { eventDetails, eventOptions, followEvents } from './following.js';

/** JSON is one event a line, as it happens; without `--loop` it ends after the first. */
export const networkEvents = verb({
  name: 'network events',
  aliases: ['net-event'],
  group: 'Networks',
  summary: 'Print what happens to networks as it happens',
  details: eventDetails,
  args: { network: { summary: 'Only of this network (name or UUID)', optional: true, complete: 'network' } },
  options: eventOptions,
  example: {
    command: 'ctvirt network events --loop --timestamp',
    does: 'Prints what happens to any network, until Ctrl-C.',
  },
  async run(context, { args: { network }, options }) {
    await followEvents(
      context,
      options,
      (past, signal) => context.client.events.networks({ network, ...past }, { signal }),
      ({ event, network: { name } }) =>
        `event '${event === 'changed' ? event : 'lifecycle'}' for network '${printable(name)}': ${capitalise(event)}`,
    );
  },
});
