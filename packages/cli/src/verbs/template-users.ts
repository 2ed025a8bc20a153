// ctvirt template users
// SPDX-License-Identifier: Apache-2.0
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { existingTemplate } from './arguments.js';

/** JSON is an array of names with their templates; kept files of domains that are gone are named with a remark. */
export const templateUsers = verb({
  name: 'template users',
  group: 'Templates and profiles',
  summary: 'List who stands on a template, and on those that it replaced',
  args: { template: existingTemplate },
  options: { name: { type: 'flag', summary: 'Print names, one a line, of this template alone' } },
  example: {
    command: 'ctvirt template users debian',
    does: "Lists the domains made of 'debian', and those that are on an earlier one, such as 'debian~1'.",
  },
  async run(context, { args: { template }, options: { name: isShort } }) {
    const { templates } = context.client;
    const own = await templates.info({ template });
    const olds = isShort ? [] : await templates.list();
    const users = [own, ...olds.filter(({ replacedBy }) => replacedBy === template)].flatMap(
      ({ name, usedBy }) => usedBy.map((user) => ({ name: user, template: name })),
    );
    context.print(users, (width) =>
      isShort
        ? users.map(({ name }) => `${name}\n`).join('')
        : formatTable(
            ['Domain', 'Template'],
            users.map(({ name, template: on }) => [name, on]),
            width,
          ),
    );
  },
});
