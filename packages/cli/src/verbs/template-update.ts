// ctvirt template update
// SPDX-License-Identifier: Apache-2.0
import { commandFor } from '@ctvirt/xml';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { existingTemplate } from './arguments.js';

/** Returns the new template. */
export const templateUpdate = verb({
  name: 'template update',
  group: 'Templates and profiles',
  summary: 'Make a template again: build it anew, or import its archive again',
  details: [
    'When the new one is whole it takes the place of the old one, for domains that are made from then on. Those that there are, running or not, go on with the old one, which is kept as TEMPLATE~1, TEMPLATE~2 and so on, and goes by ctvirt template remove when nobody uses it any more. One that nobody uses goes at once.',
    'With --as the new one is made beside it, and the old one keeps its name.',
  ],
  args: { template: existingTemplate },
  options: { as: { type: 'text', value: 'NAME', summary: 'Make it under this name, and leave the old one' } },
  example: {
    command: 'ctvirt template update debian --as debian-2026-12',
    does: "Builds 'debian' of today's packages under another name, beside the one that is there.",
  },
  async run(context, { args: { template }, options: { as } }) {
    const { client, io } = context;
    const made = await context.making(`updating ${template}`, (onProgress) =>
      client.templates.update(
        { template, body: { ...(as !== undefined && { as }) } },
        { onProgress, signal: io.signal },
      ),
    );
    const olds = context.isJson ? [] : await client.templates.list();
    context.done(made, `Template '${made.name}' made: ${describeBytes(made.unpackedBytes)}`);
    const kept = olds.filter(({ replacedBy, usedBy }) => replacedBy === made.name && usedBy.length > 0);
    if (kept.length === 0) return;
    const users = kept.flatMap(({ usedBy }) => usedBy).length;
    const names = kept.map(({ name }) => `'${name}'`).join(', ');
    context.remark(
      `${users} on ${names} as before: \`${commandFor('template users', [made.name])}\` lists them`,
    );
  },
});
