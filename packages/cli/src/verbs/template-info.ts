// ctvirt template info
// SPDX-License-Identifier: Apache-2.0
import { formatFields } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { existingTemplate } from './arguments.js';

/** As a shell would read it. */
const word = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** JSON is the template, sizes in bytes; an unknown one is `not-found`. */
export const templateInfo = verb({
  name: 'template info',
  group: 'Templates and profiles',
  summary: 'Show what a template is, where it came from and who uses it',
  args: { template: existingTemplate },
  options: {},
  example: { command: 'ctvirt template info debian', does: "Shows the template 'debian'." },
  async run(context, { args: { template } }) {
    const info = await context.client.templates.info({ template });
    const { image } = info;
    context.print(info, (width) =>
      formatFields(
        [
          ['Name', info.name],
          ['Source', info.source],
          ['Digest', info.digest],
          ['Size', describeBytes(info.sizeBytes)],
          ['Unpacked', describeBytes(info.unpackedBytes)],
          ['Inodes', String(info.inodes)],
          ['Imported', info.importedAt],
          ['System', info.os ?? '-'],
          ...(image === undefined
            ? []
            : ([
                ['Starts', image.command.length > 0 ? image.command.map(word).join(' ') : '-'],
                [
                  'Environment',
                  image.environment.map(({ name, value }) => `${name}=${value}`).join(' ') || '-',
                ],
                ['Folder', image.folder ?? '/'],
                ['User', `${image.user ?? 0}:${image.group ?? 0}`],
                ['Volumes', image.volumes.join(', ') || '-'],
                ['Ports', image.ports.join(', ') || '-'],
                ...(image.stopSignal === undefined
                  ? []
                  : [['Stop signal', `${image.stopSignal}; shutdown sends SIGTERM`] as const]),
              ] as const)),
          ...info.notes.map((note) => ['Note', note] as const),
          ['Used by', info.usedBy.length > 0 ? info.usedBy.join(', ') : '-'],
        ],
        width,
      ),
    );
  },
});
