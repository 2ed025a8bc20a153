// ctvirt template list
// SPDX-License-Identifier: Apache-2.0
import { commandFor } from '@ctvirt/xml';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';

/** JSON is an array of templates, sizes in bytes. */
export const templateList = verb({
  name: 'template list',
  group: 'Templates and profiles',
  summary: 'List templates',
  args: {},
  options: { name: { type: 'flag', summary: 'Print names, one a line' } },
  example: {
    command: 'ctvirt template list',
    does: 'Lists the templates with size and number of domains made from each.',
  },
  async run(context, { options: { name } }) {
    const templates = await context.client.templates.list();
    context.print(templates, (width) =>
      name
        ? templates.map((template) => `${template.name}\n`).join('')
        : formatTable(
            ['Name', 'Size', 'Unpacked', 'Domains', 'Imported'],
            templates.map((template) => [
              template.name,
              describeBytes(template.sizeBytes),
              describeBytes(template.unpackedBytes),
              String(template.usedBy.length),
              template.importedAt.slice(0, 10),
            ]),
            width,
          ),
    );
    if (context.isJson || name) return;
    for (const template of templates)
      if (template.replacedBy !== undefined && template.usedBy.length === 0)
        context.remark(
          `nobody uses '${template.name}' any more: \`${commandFor('template remove', [template.name])}\` removes it`,
        );
  },
});
