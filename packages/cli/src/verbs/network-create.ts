// ctvirt network create
// SPDX-License-Identifier: Apache-2.0
import { shownName } from '../input-name.js';
import { verb } from '../verb.js';
import { networkFile } from './arguments.js';
import { sendDocument } from './sending.js';

/** Returns the started network with the findings on its document; a refused document leaves nothing behind. */
export const networkCreate = verb({
  name: 'network create',
  aliases: ['net-create'],
  group: 'Networks',
  summary: 'Start a network from its XML without defining it',
  details: ['When it stops it is gone.'],
  args: { file: networkFile },
  options: { validate: { type: 'flag', summary: 'Refuse a document with anything not understood' } },
  example: {
    command: 'ctvirt network create try-lan.xml',
    does: 'Runs the network that try-lan.xml describes, until it is stopped.',
  },
  async run(context, { args: { file }, options: { validate } }) {
    const { network, findings } = await sendDocument(context, file, 'creating from', (body) =>
      context.client.networks.define({ body, strict: validate, transient: true }),
    );
    context.warn(findings, shownName(file));
    context.done({ network, findings }, `Network '${network.name}' created from ${shownName(file)}`);
  },
});
