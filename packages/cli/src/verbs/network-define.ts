// ctvirt network define
// SPDX-License-Identifier: Apache-2.0
import { shownName } from '../input-name.js';
import { verb } from '../verb.js';
import { sinceWhenNetwork } from '../wording.js';
import { networkFile } from './arguments.js';
import { sendDocument } from './sending.js';

/** Returns the network with the findings on its document. */
export const networkDefine = verb({
  name: 'network define',
  aliases: ['net-define'],
  group: 'Networks',
  summary: 'Define a network from its XML, or change one that is defined',
  details: [
    'The network keeps its definition until it is undefined. It does not run before it is started.',
    'What is not understood is kept and reported; --validate refuses it.',
    'A document without <uuid> changes the network of its name, if there is one; one that runs has the new document from its next start on. What is to change at once is for ctvirt network update.',
  ],
  args: { file: networkFile },
  options: { validate: { type: 'flag', summary: 'Refuse a document with anything not understood' } },
  example: { command: 'ctvirt network define lan.xml', does: 'Defines the network that lan.xml describes.' },
  async run(context, { args: { file }, options: { validate } }) {
    const { network, findings } = await sendDocument(context, file, 'defining', (body) =>
      context.client.networks.define({ body, strict: validate }),
    );
    context.warn(findings, shownName(file));
    context.done(
      { network, findings },
      `Network '${network.name}' defined from ${shownName(file)}${sinceWhenNetwork(network)}`,
    );
  },
});
