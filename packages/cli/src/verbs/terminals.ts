// ctvirt terminals
// SPDX-License-Identifier: Apache-2.0
import { Transform } from 'node:stream';
import { ApiError, type Terminal } from '@ctvirt/api';
import type { ClientSession } from '@ctvirt/api/node';
import { commandFor } from '@ctvirt/xml';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { printableLines, wordsOfTerminal } from '../printable.js';
import { attach, escapeByte, sizeOf } from '../terminal.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { anyDomain } from './arguments.js';
import { type Columns, outputOption, outputTable } from './output-columns.js';
import { headOf } from './snapshot-words.js';

/** So much of an id is shown, and is enough to name one. */
const shownId = ({ id }: Terminal): string => id.slice(0, 12);
const moment = (time: string): string => `${time.slice(0, 19)}Z`;

/** How it is: somebody has it, nobody has, or its program has ended and nobody was told how. */
const stateOf = ({ over, attached }: Terminal): string => {
  if (over) return 'over';
  return attached ? 'attached' : 'left';
};

const columns: Columns<Terminal> = {
  id: { head: 'Id', cell: shownId },
  domain: { head: 'Domain', cell: ({ domain }) => domain },
  session: { head: 'Session', cell: ({ session }) => session ?? 'root' },
  state: { head: 'State', cell: stateOf },
  since: { head: 'Since', cell: ({ since }) => moment(since) },
  looked: { head: 'Last looked at', cell: ({ lookedAt }) => moment(lookedAt) },
  kept: { head: 'Kept', cell: ({ keptBytes }) => describeBytes(keptBytes) },
  program: { head: 'Program', cell: ({ program }) => headOf(program ?? '(the console)', 36) },
  uuid: { head: 'UUID', cell: ({ uuid }) => uuid, isExtra: true },
};

/** JSON is an array of terminals, with `--end` the one that was ended; of `--attach` nothing. */
export const terminals = verb({
  name: 'terminals',
  group: 'Host',
  summary: 'Show, end or take over terminals that are kept for browsers',
  details: [
    'A terminal of the web console outlives its page for a minute: one is `attached` while a page shows it, `left` while it waits for one, `over` when its program has ended and no page was told how. The session is that of ctvirt web --list, which ends its terminals when it is revoked.',
    'An ID may be cut, as long as it names one. --end ends what runs in it at once, whoever looks.',
    '--attach shows it here, and what it wrote before as plain text; Ctrl + ] leaves it to its session, which has a minute again. Who looks at it loses it, which needs --force.',
  ],
  args: { domain: { ...anyDomain, optional: true } },
  options: {
    end: { type: 'text', value: 'ID', summary: 'End this one' },
    'end-all': { type: 'flag', summary: 'End all, or all of this domain' },
    attach: { type: 'text', value: 'ID', summary: 'Show this one here, and type into it' },
    force: { type: 'flag', summary: 'With --attach: take it from who looks at it' },
    ...outputOption(columns),
  },
  example: {
    command: 'ctvirt terminals web --end-all',
    does: "Ends what runs in terminals of 'web' that browsers have left or have open.",
  },
  async run(
    context,
    { args: { domain }, options: { end, 'end-all': endAll, attach: taken, force, output } },
  ) {
    const chosen = [end !== undefined, endAll, taken !== undefined].filter(Boolean).length;
    if (chosen > 1 || (chosen === 1 && output !== undefined))
      throw new CliError('usage', 'terminals: --end, --end-all, --attach and --output exclude each other');
    if (force && taken === undefined) throw new CliError('usage', 'terminals: --force goes with --attach');
    const known = await listOf(context, domain);
    if (taken !== undefined) return await takeOver(context, oneOf(known, taken), force);
    if (end !== undefined) {
      const ended = await context.client.terminals.end({ terminal: oneOf(known, end).id });
      context.done(ended, `${named(ended)} is ended`);
      return;
    }
    if (endAll) return await endEach(context, known);
    context.print(known, (width) => outputTable(columns, known, { verb: 'terminals', output, width }));
  },
});

const named = (one: Terminal): string => `Terminal ${shownId(one)} of domain '${one.domain}'`;

async function listOf({ client }: Context, domain: string | undefined): Promise<readonly Terminal[]> {
  const known = await client.terminals.list();
  if (domain === undefined) return known;
  const { uuid } = await client.domains.summary({ domain });
  return known.filter((one) => one.uuid === uuid);
}

function oneOf(known: readonly Terminal[], word: string): Terminal {
  const [found, ...more] = word === '' ? [] : known.filter(({ id }) => id.startsWith(word));
  if (found === undefined)
    throw new ApiError(
      'not-found',
      `there is no terminal '${word}': \`${commandFor('terminals', [])}\` tells which there are`,
    );
  if (more.length > 0)
    throw new CliError('usage', `terminals: '${word}' begins the ids of ${more.length + 1}: say more of it`);
  return found;
}

/** One that has ended by itself meanwhile is what was asked for. */
async function endEach(context: Context, known: readonly Terminal[]): Promise<void> {
  const ended: Terminal[] = [];
  for (const { id: terminal } of known)
    try {
      ended.push(await context.client.terminals.end({ terminal }));
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'not-found')) throw error;
    }
  const sentences = ended.map((one) => `${named(one)} is ended`);
  context.done(ended, ended.length === 0 ? 'No terminal is kept' : sentences.join('\n'));
}

async function takeOver(context: Context, one: Terminal, force: boolean): Promise<void> {
  const { client, io } = context;
  const open = { ...sizeOf(io), free: !force };
  const session = await client.terminals.attach({ terminal: one.id, open }, { signal: io.signal });
  context.remark(`${named(one)}\nEscape character is ^] (Ctrl + ])`);
  const stdout = session.stdout.pipe(shown(session, io.stdout.isTTY === true));
  const ending = await attach({ ...session, stdout }, io, { isTerminal: true, detachByte: escapeByte });
  context.remark(
    ending.kind === 'detached'
      ? '\nleft to its session, which has a minute to come back'
      : `\nits program has ended with status ${ending.status}`,
  );
}

/** Says what is shown. What was written before is words alone: what it asked the terminal was answered then, and that drew on another. */
function shown({ kept, seen }: ClientSession, isTerminal: boolean): Transform {
  const past: Buffer[] = [];
  let pastBytes = kept === undefined ? 0 : kept.to - kept.from;
  const tellPast = (to: Transform): void => {
    const text = printableLines(wordsOfTerminal(Buffer.concat(past.splice(0)).toString('utf8')));
    to.push(isTerminal ? text.replaceAll('\n', '\r\n') : text);
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen(chunk.length);
      const before = chunk.subarray(0, pastBytes);
      pastBytes -= before.length;
      if (before.length > 0) past.push(before);
      if (pastBytes === 0 && past.length > 0) tellPast(this);
      if (chunk.length > before.length) this.push(chunk.subarray(before.length));
      done();
    },
    flush(done) {
      tellPast(this);
      done();
    },
  });
}
