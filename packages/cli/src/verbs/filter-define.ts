// ctvirt filter define
// SPDX-License-Identifier: Apache-2.0
import { shownName } from '../input-name.js';
import { verb } from '../verb.js';
import { filterFile } from './arguments.js';
import { sendDocument } from './sending.js';

/** Returns the filter with the findings on its document. */
export const filterDefine = verb({
  name: 'filter define',
  aliases: ['nwfilter-define'],
  group: 'Network filters',
  summary: 'Define a network filter from its XML, or change one that is defined',
  details: [
    'Interfaces name it by <filterref filter=...>. What runs with it has its rules at once, or nothing is changed.',
    'A document without <uuid> changes the filter of its name, if there is one. One of the name of a filter that comes with ctvirt takes its place until it is undefined.',
  ],
  args: { file: filterFile },
  options: { validate: { type: 'flag', summary: 'Refuse a document with anything not understood' } },
  example: {
    command: 'ctvirt filter define no-mail.xml',
    does: 'Defines the filter that no-mail.xml describes.',
  },
  async run(context, { args: { file }, options: { validate } }) {
    const { filter, findings } = await sendDocument(context, file, 'defining', (body) =>
      context.client.filters.define({ body, strict: validate }),
    );
    context.warn(findings, shownName(file));
    context.done({ filter, findings }, `Network filter '${filter.name}' defined from ${shownName(file)}`);
  },
});
