// ctvirt template users
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { existingTemplate } from './arguments.js';

/** JSON is an array of names; kept files of domains that are gone are named with a remark. */
export const templateUsers = verb({
  name: 'template users',
  group: 'Templates and profiles',
  summary: 'List who stands on a template',
  args: { template: existingTemplate },
  options: {},
  example: {
    command: 'ctvirt template users debian',
    does: "Lists the domains made of 'debian', one a line.",
  },
  async run(context, { args: { template } }) {
    const { usedBy } = await context.client.templates.info({ template });
    context.print(usedBy, () => usedBy.map((name) => `${name}\n`).join(''));
  },
});
