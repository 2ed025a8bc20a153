// What clients download of a layer: the archive of the domain that has it.
// SPDX-License-Identifier: Apache-2.0

import type { Engine, LayerFile } from '@ctvirt/engine';
import { commandFor } from '@ctvirt/xml';
import { refusal } from '../words/refusal.js';

/** Status of an archive that has no end. */
const INCOMPLETE = 2;

/** Resolves once it is known that there will be some bytes. */
export async function archiveOf(
  { archives }: Pick<Engine, 'archives'>,
  layer: LayerFile,
): Promise<AsyncIterable<Buffer>> {
  const { owner, isKept, snapshot } = layer;
  if (isKept) throw notADomains(layer);
  const { stdout, stderr, exited, kill } = await archives.stream(owner, { snapshot: snapshot ?? undefined });
  let said = '';
  stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return (async function* () {
    try {
      try {
        yield* stdout;
      } finally {
        kill();
      }
    } catch (error) {
      if ((await exited) !== INCOMPLETE) throw error;
    }
    if ((await exited) === INCOMPLETE) throw refusal('operationFailed', 'storage', said.trim());
  })();
}

/** Files that outlived their domain are in no archive. */
export const notADomains = ({ name, owner }: LayerFile) =>
  refusal(
    'operationInvalid',
    'storage',
    `volume '${name}' holds the files of root '${owner}', which no domain has: \`${commandFor('root adopt', [owner, 'DOMAIN'])}\` gives them to one`,
  );
