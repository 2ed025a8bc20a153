// A definition edited in the person's editor until the daemon takes it.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type CallOptions, type Finding } from '@ctvirt/api';
import { mergeTexts } from '@ctvirt/xml';
import type { Context } from '../context.js';
import { ask, EditedText } from '../editor.js';
import { CliError, describeError, locate } from '../errors.js';
import { hasColour } from '../io.js';
import { capitalise } from '../wording.js';

/** A definition as it was read, and the daemon's tag of it where it has one. */
export interface Version {
  readonly text: string;
  readonly tag?: string | undefined;
}

/** What is edited, and how it is read and defined. */
export interface Editing<R extends { readonly findings: readonly Finding[] }> {
  /** As sentences have it: `domain`, `network`. */
  readonly noun: string;
  readonly name: string;
  /** The definition as it is now. */
  readonly read: () => Promise<Version>;
  /** Throws ApiError `changed` where it is not any more what was read. */
  readonly define: (text: string, before: Version) => Promise<R>;
  /** What the sentence at the end says after "edited", and the data for programs. */
  readonly result: (defined: R) => { readonly data: object; readonly when: string };
}

/** Reads and defines what has no tags, as another libvirt's: who changes it between the two is not seen. */
export const untagged = <R>(
  read: () => Promise<string>,
  define: (text: string) => Promise<R>,
): { read: () => Promise<Version>; define: (text: string, before: Version) => Promise<R> } => ({
  read: async () => ({ text: await read() }),
  async define(text, before) {
    if ((await read()) !== before.text)
      throw new ApiError('changed', 'someone else changed the definition meanwhile');
    return await define(text);
  },
});

/** A change that somebody else made since is seen by the daemon, at the moment of this one. */
export const tagged = <R>(
  read: (options: CallOptions) => Promise<string>,
  define: (text: string, ifMatch: string | undefined) => Promise<R>,
): { read: () => Promise<Version>; define: (text: string, before: Version) => Promise<R> } => ({
  async read() {
    let tag: string | undefined;
    const text = await read({
      onTag: (told) => {
        tag = told;
      },
    });
    return { text, tag };
  },
  define: (text, { tag }) => define(text, tag),
});

/** Asks the editor again while the daemon refuses the text; one that is given up stays in its file, which the error names. */
export async function editDefinition<R extends { readonly findings: readonly Finding[] }>(
  context: Context,
  editing: Editing<R>,
): Promise<void> {
  const { noun, name } = editing;
  const title = capitalise(noun);
  let before = await editing.read();
  using text = new EditedText(before.text, `${noun}.xml`, context.io);
  const keeping = async <T>(step: Promise<T>): Promise<T> => {
    try {
      return await step;
    } catch (error) {
      context.remark(`your text is kept in ${text.keep()}`);
      throw error;
    }
  };
  for (;;) {
    const after = await text.edit();
    if (after === before.text)
      return context.done({ changed: false }, `${title} '${name}' XML configuration not changed.`);
    const outcome = await keeping(tryDefine(context, editing, { after, before, file: text.file }));
    if (outcome === 'refused') {
      if ((await ask('Try again? [y,n]: ', context.io)) === 'y') continue;
    } else if (outcome === 'changed') {
      if ((await ask('Edit again, on top of that? [y,n]: ', context.io)) === 'y') {
        before = await keeping(onTop(context, editing, { after, before, text }));
        continue;
      }
    } else {
      context.warn(outcome.findings, text.file);
      const { data, when } = editing.result(outcome);
      return context.done({ changed: true, ...data }, `${title} '${name}' XML configuration edited${when}.`);
    }
    throw new CliError('local', `${noun} '${name}' is not changed; your text is kept in ${text.keep()}`);
  }
}

/** What others changed and what was changed here, in one text; returns what that is an edit of. */
async function onTop(
  context: Context,
  { read }: Pick<Editing<never>, 'read'>,
  { after, before, text }: { readonly after: string; readonly before: Version; readonly text: EditedText },
): Promise<Version> {
  const now = await read();
  const merged = mergeTexts(before.text, after, now.text);
  context.remark(`your text as it was is kept in ${text.replace(merged.text)}`);
  if (merged.conflicts > 0)
    context.remark(
      `${merged.conflicts === 1 ? 'one place was' : `${merged.conflicts} places were`} changed by both: look for <<<<<<<`,
    );
  return now;
}

interface Attempt {
  readonly after: string;
  readonly before: Version;
  readonly file: string;
}

/** Defines the edited text; a refusal is shown, since the person may mend it, and answered as a word. */
async function tryDefine<R extends { readonly findings: readonly Finding[] }>(
  context: Context,
  { name, define }: Editing<R>,
  { after, before, file }: Attempt,
): Promise<R | 'refused' | 'changed'> {
  const { io } = context;
  try {
    return await locate(
      file,
      context.busy(`defining ${name}`, () => define(after, before)),
    );
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === 'unreachable') throw error;
    io.stderr.write(describeError(error, hasColour(io.stderr, io.env)).text);
    return error.code === 'changed' ? 'changed' : 'refused';
  }
}
