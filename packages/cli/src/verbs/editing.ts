// A definition edited in the person's editor until the daemon takes it.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type Finding } from '@ctvirt/api';
import type { Context } from '../context.js';
import { ask, EditedText } from '../editor.js';
import { CliError, describeError, locate } from '../errors.js';
import { hasColour } from '../io.js';
import { capitalise } from '../wording.js';

/** What is edited, and how it is read and defined. */
export interface Editing<R extends { readonly findings: readonly Finding[] }> {
  /** As sentences have it: `domain`, `network`. */
  readonly noun: string;
  readonly name: string;
  /** The definition as it is now. */
  readonly read: () => Promise<string>;
  readonly define: (text: string) => Promise<R>;
  /** What the sentence at the end says after "edited", and the data for programs. */
  readonly result: (defined: R) => { readonly data: object; readonly when: string };
}

/** Asks the editor again while the daemon refuses the text; one that is given up stays in its file, which the error names. */
export async function editDefinition<R extends { readonly findings: readonly Finding[] }>(
  context: Context,
  editing: Editing<R>,
): Promise<void> {
  const { noun, name } = editing;
  const title = capitalise(noun);
  const before = await editing.read();
  using text = new EditedText(before, `${noun}.xml`, context.io);
  for (;;) {
    const after = await text.edit();
    if (after === before)
      return context.done({ changed: false }, `${title} '${name}' XML configuration not changed.`);
    const defined = await tryDefine(context, editing, before, after, text.file).catch((error: unknown) => {
      context.remark(`your text is kept in ${text.keep()}`);
      throw error;
    });
    if (defined === undefined) {
      if ((await ask('Try again? [y,n]: ', context.io)) === 'y') continue;
      throw new CliError('local', `${noun} '${name}' is not changed; your text is kept in ${text.keep()}`);
    }
    context.warn(defined.findings, text.file);
    const { data, when } = editing.result(defined);
    return context.done({ changed: true, ...data }, `${title} '${name}' XML configuration edited${when}.`);
  }
}

/** Defines the edited text; a refusal is shown, since the person may mend it, and answered as undefined. */
async function tryDefine<R extends { readonly findings: readonly Finding[] }>(
  context: Context,
  { name, read, define }: Editing<R>,
  before: string,
  after: string,
  file: string,
): Promise<R | undefined> {
  const { io } = context;
  try {
    if ((await read()) !== before)
      throw new CliError('local', 'someone else changed the definition meanwhile');
    return await locate(
      file,
      context.busy(`defining ${name}`, () => define(after)),
    );
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof CliError)) throw error;
    if (error instanceof ApiError && error.code === 'unreachable') throw error;
    io.stderr.write(describeError(error, hasColour(io.stderr, io.env)).text);
    return undefined;
  }
}
