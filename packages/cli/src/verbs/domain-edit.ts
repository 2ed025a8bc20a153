// ctvirt edit
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type DefineResult } from '@ctvirt/api';
import type { Context } from '../context.js';
import { ask, EditedText } from '../editor.js';
import { CliError, describeError, locate } from '../errors.js';
import { hasColour } from '../io.js';
import { verb } from '../verb.js';
import { sinceWhen } from '../wording.js';
import { anyDomain } from './arguments.js';

/** Asks the editor again while the daemon refuses the text; one that is given up stays in its file, which the error names. */
export const edit = verb({
  name: 'edit',
  group: 'Domains',
  summary: "Edit a domain's definition",
  details: [
    'Opens VISUAL, EDITOR or vi. A document with an error is not taken: it can be edited again.',
    'The domain sees the change at its next start.',
  ],
  args: { domain: anyDomain },
  options: {},
  example: { command: 'EDITOR=nano ctvirt edit web', does: "Edits the XML of 'web' in nano." },
  async run(context, { args: { domain } }) {
    const { client } = context;
    const { name } = await client.domains.summary({ domain });
    const before = await client.domains.xml({ domain, inactive: true });
    using text = new EditedText(before, 'domain.xml', context.io);
    for (;;) {
      const after = await text.edit();
      if (after === before)
        return context.done({ changed: false }, `Domain '${name}' XML configuration not changed.`);
      const { findings, domain: changed } = await tryDefine(context, name, before, after, text.file).catch(
        (error: unknown) => {
          context.remark(`your text is kept in ${text.keep()}`);
          throw error;
        },
      );
      if (changed === undefined) {
        if ((await ask('Try again? [y,n]: ', context.io)) === 'y') continue;
        throw new CliError('local', `domain '${name}' is not changed; your text is kept in ${text.keep()}`);
      }
      context.warn(findings, text.file);
      return context.done(
        { changed: true, domain: changed },
        `Domain '${name}' XML configuration edited${sinceWhen(changed)}.`,
      );
    }
  },
});

type Attempt = DefineResult | { readonly domain: undefined; readonly findings: readonly [] };

/** Defines the edited text; a refusal is shown, since the person may mend it. */
async function tryDefine(
  context: Context,
  name: string,
  before: string,
  after: string,
  file: string,
): Promise<Attempt> {
  const { client, io } = context;
  try {
    if ((await client.domains.xml({ domain: name, inactive: true })) !== before)
      throw new CliError('local', 'someone else changed the definition meanwhile');
    return await locate(
      file,
      context.busy(`defining ${name}`, () => client.domains.define({ body: after })),
    );
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof CliError)) throw error;
    if (error instanceof ApiError && error.code === 'unreachable') throw error;
    io.stderr.write(describeError(error, hasColour(io.stderr, io.env)).text);
    return { domain: undefined, findings: [] };
  }
}
