// ctvirt profile show
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';

/** Prints the file as it lies there, with a line end if it has none; an unknown profile is `not-found`. */
export const profileShow = verb({
  name: 'profile show',
  group: 'Templates and profiles',
  summary: "Print a profile, in OpenVZ's sample-file format",
  args: { profile: { summary: 'Name of a profile', complete: 'profile' } },
  options: {},
  example: { command: 'ctvirt profile show vps.basic', does: "Prints the limits of 'vps.basic'." },
  async run(context, { args: { profile } }) {
    const shown = await context.client.profiles.show({ profile });
    context.warn(shown.findings, shown.path);
    context.printVerbatim(shown, shown.text.endsWith('\n') ? shown.text : `${shown.text}\n`);
  },
});
