// ctvirt template remove
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { existingTemplate } from './arguments.js';

/** Returns its name; one in use is refused with the names of its domains. */
export const templateRemove = verb({
  name: 'template remove',
  group: 'Templates and profiles',
  summary: 'Remove a template that no domain uses',
  args: { template: existingTemplate },
  options: {},
  example: { command: 'ctvirt template remove debian', does: "Removes the template 'debian'." },
  async run(context, { args: { template } }) {
    await context.busy(`removing ${template}`, () => context.client.templates.remove({ template }));
    context.done({ template }, `Template '${template}' removed`);
  },
});
