// ctvirt openapi
// SPDX-License-Identifier: Apache-2.0
import { openApiDocument } from '@ctvirt/api';
import { verb } from '../verb.js';

/** Prints JSON whether or not that is asked for. */
export const openapi = verb({
  name: 'openapi',
  group: 'ctvirt itself',
  summary: "Print the daemon's HTTP contract as an OpenAPI document",
  args: {},
  options: {},
  example: { command: 'ctvirt openapi > openapi.json', does: 'Saves the document; no daemon is asked.' },
  async run(context) {
    context.io.stdout.write(`${JSON.stringify(openApiDocument(), null, 2)}\n`);
  },
});
