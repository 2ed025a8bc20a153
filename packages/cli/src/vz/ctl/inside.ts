// vzctl exec, exec2, enter, runscript and console: programs inside a container.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ExecRequest } from '@ctvirt/api';
import { refuseFile } from '../../errors.js';
import { loginShell } from '../../login-shell.js';
import { attach, escapeByte, sizeOf } from '../../terminal.js';
import { type Container, isOff, refuseOff } from '../containers.js';
import { coded, VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import { escapedInput } from './escape.js';
import { onContainer, type VzVerb, withProgram } from './verb.js';

const codes = { 'wrong-state': 'notRunning', 'not-found': 'command', timeout: 'command' } as const;

/** Until it ends; returns its status. */
async function runInside(
  host: VzHost,
  { uuid: domain }: Container,
  open: ExecRequest,
  input?: string,
): Promise<number> {
  const { client, io } = host;
  const session = await coded(client.domains.exec({ domain, open }, { signal: io.signal }), codes);
  const own = input === undefined ? io : { ...io, stdin: Readable.from([input]) };
  const ending = await attach(session, own, { isTerminal: open.tty === true });
  if (io.signal.aborted) throw new VzError('command', 'interrupted');
  return ending.kind === 'exited' ? ending.status : 0;
}

/** bash where there is one, as vzctl has it: scripts of years count on it. */
const shell = (...words: readonly string[]): string[] => [
  '/bin/sh',
  '-c',
  'test -x /bin/bash && exec /bin/bash "$@"; exec /bin/sh "$@"',
  'sh',
  ...words,
];

function programOf(words: readonly string[]): [string, ...string[]] {
  const [first, ...more] = words[0] === '--' ? words.slice(1) : words;
  if (first === undefined) throw new VzError('syntax', 'No command line is given');
  return [first, ...more];
}

/** As vzctl does: its words are a line for the shell, and - is a script on standard input. */
async function execute(host: VzHost, container: Container, words: readonly string[]): Promise<number> {
  const [first, ...more] = programOf(words);
  refuseOff(container);
  const argv = first === '-' && more.length === 0 ? shell('-s') : shell('-c', [first, ...more].join(' '));
  return await runInside(host, container, { argv });
}

const exec = withProgram({
  names: ['exec'],
  synopsis: 'COMMAND [ARG ...]',
  options: {},
  here: "Runs a line in a shell inside, bash where there is one, else /bin/sh; - takes the lines from standard input. The status is 8 where it fails. Standard input is the command's own: in a loop that reads lines, say `</dev/null`.",
  act: async (host, container, words) => ((await execute(host, container, words)) === 0 ? 0 : 8),
});

const exec2 = withProgram({
  names: ['exec2'],
  synopsis: 'COMMAND [ARG ...]',
  options: {},
  here: 'The same; the status is that of the command.',
  act: execute,
});

const exec3 = withProgram({
  names: ['exec3'],
  synopsis: 'PROGRAM [ARG ...]',
  options: {},
  here: 'Runs a program without a shell, with each argument as it is; the status is that of the program, and 127 where there is none.',
  async act(host, container, words) {
    const argv = programOf(words);
    refuseOff(container);
    return await runInside(host, container, { argv });
  },
});

const enter = withProgram({
  names: ['enter'],
  synopsis: '[--exec COMMAND [ARG ...]]',
  options: { exec: { value: 'COMMAND', here: 'runs the command, then the shell' } },
  here: "Opens root's login shell inside, with a terminal where there is one. The status is the shell's.",
  async act(host, container, words) {
    const [option, ...command] = words;
    if (option !== undefined && (option !== '--exec' || command.length === 0))
      throw new VzError('syntax', `Invalid option ${option}: vzctl enter CTID [--exec COMMAND]`);
    refuseOff(container);
    const first = command.length === 0 ? '' : `${command.join(' ')}\n`;
    host.say(`entered into CT ${container.ctid}`);
    const status = await runInside(host, container, loginShell(host.io, '0', first));
    host.say(`exited from CT ${container.ctid}`);
    return status;
  },
});

const runscript = onContainer({
  names: ['runscript'],
  synopsis: 'SCRIPT',
  takesWords: true,
  options: {},
  here: "Runs a file of the host in such a shell inside. One that is off runs with a shell in its init's place meanwhile, so that none of its own programs start. The status is the script's.",
  async act({ host, container, given: { words } }) {
    const [file] = words;
    if (file === undefined) throw new VzError('syntax', 'Script is not given');
    if (!existsSync(file)) throw new VzError('noScript', `Script not found: ${file}`);
    const text = await readFile(file, 'utf8').catch((cause: unknown) => refuseFile(file, cause));
    const run = async (): Promise<number> => await runInside(host, container, { argv: shell('-s') }, text);
    if (!isOff(container)) return await run();
    const { domains } = host.client;
    await coded(domains.start({ domain: container.uuid, rescue: true }), { 'in-use': 'mounted' });
    try {
      return await run();
    } finally {
      await domains.destroy({ domain: container.uuid });
    }
  },
});

const console = onContainer({
  names: ['console'],
  synopsis: '[TTYNUM]',
  takesWords: true,
  options: {},
  here: 'Attaches to its console; Esc and a dot at the beginning of a line leave it, and so does ^]. There is the one that is /dev/console: TTYNUM is 1. It has to run.',
  async act({ host, container, given: { words } }) {
    if ((words[0] ?? '1') !== '1')
      throw new VzError('value', `There is no console ${words[0]}: a container has the one of /dev/console`);
    refuseOff(container);
    const { client, io } = host;
    const opened = client.domains.console(
      { domain: container.uuid, open: sizeOf(io) },
      { signal: io.signal },
    );
    const session = await coded(opened, { ...codes, busy: 'locked' });
    host.say(`Attached to CT ${container.ctid} (ESC . to detach)`);
    const escaped = { ...io, stdin: escapedInput(io.stdin, escapeByte) };
    await attach(session, escaped, { isTerminal: true, detachByte: escapeByte });
  },
});

/** Those that run something inside. */
export const insideVerbs: readonly VzVerb[] = [exec, exec2, exec3, enter, runscript, console];
