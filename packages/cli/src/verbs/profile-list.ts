// ctvirt profile list
// SPDX-License-Identifier: Apache-2.0
import { formatTable } from '../table.js';
import { verb } from '../verb.js';

const unreadOf = (lines: number): string =>
  lines === 0 ? '-' : `${lines} ${lines === 1 ? 'line' : 'lines'}`;

/** JSON is an array of profiles with their texts; the text has name and file. */
export const profileList = verb({
  name: 'profile list',
  group: 'Templates and profiles',
  summary: 'List profiles',
  args: {},
  options: { name: { type: 'flag', summary: 'Print names, one a line' } },
  example: { command: 'ctvirt profile list', does: 'Lists the profiles that a document may name.' },
  async run(context, { options: { name } }) {
    const profiles = await context.client.profiles.list();
    context.print(profiles, (width) =>
      name
        ? profiles.map((profile) => `${profile.name}\n`).join('')
        : formatTable(
            ['Name', 'File', 'Not read'],
            profiles.map(({ name, path, findings }) => [name, path, unreadOf(findings.length)]),
            width,
          ),
    );
  },
});
