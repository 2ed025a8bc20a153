// A document of a file, sent to the daemon.
// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context.js';
import { locate } from '../errors.js';

/** What it answers; whatever is wrong is told with the file's name. `doing` is what a person sees before that. */
export async function sendDocument<R>(
  context: Context,
  file: string,
  doing: string,
  send: (body: string) => Promise<R>,
): Promise<R> {
  const body = await locate(file, context.readXml(file));
  return await locate(
    file,
    context.busy(`${doing} ${file}`, () => send(body)),
  );
}
