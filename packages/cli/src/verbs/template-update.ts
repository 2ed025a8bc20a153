// ctvirt template update
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { existingTemplate } from './arguments.js';

/** Answers the new template; one in use is refused with the names of its domains, unless it is made beside it. */
export const templateUpdate = verb({
  name: 'template update',
  group: 'Templates and profiles',
  summary: 'Make a template again: build it anew, or import its archive again',
  details: [
    'One that no domain uses is replaced when the new one is whole. With --as the new one is made beside it, for new domains: those on the old one keep it until they are gone or made anew (ctvirt template users).',
  ],
  args: { template: existingTemplate },
  options: { as: { type: 'text', value: 'NAME', summary: 'Make it under this name, and leave the old one' } },
  example: {
    command: 'ctvirt template update debian --as debian-2026-12',
    does: "Builds 'debian' of today's packages beside the one that is there.",
  },
  async run(context, { args: { template }, options: { as } }) {
    const { client, io } = context;
    const made = await context.busy(`updating ${template}`, (onProgress) =>
      client.templates.update(
        { template, body: { ...(as !== undefined && { as }) } },
        { onProgress, signal: io.signal },
      ),
    );
    context.done(made, `Template '${made.name}' made: ${describeBytes(made.unpackedBytes)}`);
  },
});
