// ctvirt exec
// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { CliError } from '../errors.js';
import { execFailedStatus, interruptedStatus, usageStatus } from '../exit-status.js';
import { attach, sizeOf } from '../terminal.js';
import { verb } from '../verb.js';
import { absolutePath, activeDomain } from './arguments.js';

/** Passes the program's exit status on, and 130 after Ctrl-C; it prints no JSON. */
export const exec = verb({
  name: 'exec',
  group: 'Domains',
  summary: 'Run a program inside a running domain',
  details: [
    "Input, output and exit status are the program's: 128 + signal number if it was killed.",
    `It is 127 where the container has no such program, 126 where it cannot be run, ${execFailedStatus} where ctvirt itself fails, and ${usageStatus} where the command line is wrong.`,
    'A single word with blanks or other signs of a shell is a line for /bin/sh of the container: ctvirt exec web "cd /srv; ls | wc -l".',
    "Options of ctvirt stand before the program, on either side of DOMAIN; what follows the program, or --, is the program's own.",
    'It reads the input of ctvirt, all there is, as ssh does. --no-input leaves that to others, such as the loop around it: ctvirt list --name | while read -r name; do ctvirt exec -n "$name" -- uptime; done',
    "It is root's, with the groups of the container's own /etc/group, and begins in /. --user takes a name or a number by its /etc/passwd, and begins in that user's home.",
    'It has PATH, TERM, USER, LOGNAME, HOME and PWD, LANG=C.UTF-8 where the container has that locale, what the document says in <initenv>, and what --env says.',
  ],
  args: {
    domain: activeDomain,
    command: { summary: 'The program and its arguments, or one line for /bin/sh', rest: true },
  },
  options: {
    'no-input': { type: 'flag', short: 'n', summary: 'Give it no input, and read none' },
    tty: { type: 'flag', short: 't', summary: 'Give it a terminal' },
    user: { type: 'text', short: 'u', value: 'USER', summary: 'Run it as this user of the container' },
    cwd: { type: 'text', value: 'DIR', summary: 'Begin in this folder of the container' },
    env: { type: 'texts', short: 'e', value: 'NAME=VALUE', summary: 'Set a variable' },
  },
  example: { command: 'ctvirt exec -t web -- /bin/sh', does: "Opens a shell in 'web'." },
  failureStatus: execFailedStatus,
  async run(context, { args: { domain, command }, options }) {
    const { io, client } = context;
    const { tty, user, cwd, env, 'no-input': noInput } = options;
    if (tty && noInput) throw new CliError('usage', 'exec: --tty and --no-input exclude each other');
    if (tty && io.stdin.isTTY !== true)
      throw new CliError('usage', 'exec: --tty needs a terminal on standard input');
    const open = {
      argv: programOf(command),
      env: variablesOf(env),
      ...(user !== undefined && { user }),
      ...(cwd !== undefined && { cwd: absolutePath('exec: --cwd', cwd) }),
      ...(tty && { tty, ...sizeOf(io) }),
    };
    const session = await client.domains.exec({ domain, open }, { signal: io.signal });
    const ending = await attach(session, noInput ? { ...io, stdin: Readable.from([]) } : io, {
      isTerminal: tty,
    });
    if (io.signal.aborted) return interruptedStatus;
    return ending.kind === 'exited' ? ending.status : undefined;
  },
});

/** No program has such a name; a word alone that has it was meant for a shell. */
const shellSigns = /[\s;&|<>()$`"'*?[\]{}~!#\\]/;

/** The program that the words of a command line mean. */
export function programOf(command: readonly string[]): readonly string[] {
  const [line = ''] = command;
  return command.length === 1 && shellSigns.test(line) ? ['/bin/sh', '-c', line] : command;
}

function variablesOf(settings: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf('=');
      if (at < 1) throw new CliError('usage', `exec: --env takes NAME=VALUE, not '${setting}'`);
      return [setting.slice(0, at), setting.slice(at + 1)];
    }),
  );
}
