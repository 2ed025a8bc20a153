// ctvirt template rename
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { existingTemplate } from './arguments.js';

/** Returns the template by its new name; one in use is refused with the names of its domains. */
export const templateRename = verb({
  name: 'template rename',
  group: 'Templates and profiles',
  summary: 'Give a template that no domain uses another name',
  args: { template: existingTemplate, name: { summary: 'The new name' } },
  options: {},
  example: { command: 'ctvirt template rename debian old', does: "Calls the template 'debian' 'old'." },
  async run(context, { args: { template, name } }) {
    const renamed = await context.client.templates.rename({ template, body: { name } });
    context.done(renamed, `Template '${template}' renamed to '${renamed.name}'`);
  },
});
