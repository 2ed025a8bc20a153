// What the first frame of a session says: the program to run, the size of the terminal.
// SPDX-License-Identifier: Apache-2.0
import {
  boolean,
  integer,
  list,
  object,
  oneOf,
  optional,
  record,
  type Static,
  strict,
  string,
} from '../schema.js';

/** The kernel has 16 bits for each. */
const cells = (description: string) => optional(integer({ minimum: 1, maximum: 0xffff, description }));

/** The size of a terminal. */
export const terminalSize = strict({
  columns: cells('Characters in a line (default: 80)'),
  rows: cells('Lines (default: 24)'),
});
/** The size of a terminal. */
export type TerminalSize = Static<typeof terminalSize>;

const keep = optional(
  boolean({
    description:
      'Whether it is kept for a minute when its client is lost; `opened` tells its name, by which the client comes back to it',
  }),
);

/** A console to attach to. */
export const consoleRequest = strict({
  keep,
  force: optional(boolean({ description: 'Whether who has it now loses it' })),
  ...terminalSize.properties,
});
/** A console to attach to. */
export type ConsoleRequest = Static<typeof consoleRequest>;

/** A program to run inside a container. */
export const execRequest = strict({
  argv: list(string({ maxLength: 131072 }), {
    minItems: 1,
    maxItems: 4096,
    description: 'The program, looked up in its PATH, and its arguments',
  }),
  env: optional(
    record(string(), string(), {
      description:
        'Its environment, beside PATH, TERM, LANG, USER, LOGNAME, HOME and PWD, and SHELL of a `user` that has one',
    }),
  ),
  user: optional(
    string({
      minLength: 1,
      maxLength: 256,
      description:
        "Whose rights it has, by a name or number of the container's own /etc/passwd, with his groups (default: root, in group 0 alone, whatever the container's lists say)",
    }),
  ),
  cwd: optional(
    string({
      pattern: '^/',
      maxLength: 4096,
      description: "The folder it begins in (default: the user's home, / for root)",
    }),
  ),
  tty: optional(boolean({ description: 'Whether it has a terminal, which joins stdout and stderr' })),
  keep,
  ...terminalSize.properties,
});
/** A program to run inside a container. */
export type ExecRequest = Static<typeof execRequest>;

/** What to wait for of a domain. */
export const waitRequest = strict({
  for: oneOf(['running', 'stopped', 'booted'], {
    description:
      '`running`: its init runs; `stopped`: it is off; `booted`: its systemd says running or degraded, with any other init as `running`',
  }),
  timeoutMs: integer({ minimum: 0, maximum: 2 ** 31 - 1, description: '`timeout` when this time is over' }),
});
/** What to wait for of a domain. */
export type WaitRequest = Static<typeof waitRequest>;

const insidePath = string({
  pattern: '^/',
  maxLength: 4096,
  description: 'Absolute path in the container; it may be a link, which leads where it leads in there',
});

/** A file that a client on the daemon's machine has open. */
export const lentFile = strict(
  {
    pid: integer({ minimum: 1, description: 'The client, which must be the other end of this connection' }),
    descriptor: integer({ minimum: 0, description: 'Its number of the open file' }),
    device: string({ pattern: '^\\d+$', description: 'st_dev of the file, in decimal' }),
    inode: string({ pattern: '^\\d+$', description: 'st_ino of the file, in decimal' }),
  },
  {
    description:
      "A regular file that the client has open, for the bytes of one file: they do not pass this connection; `unsupported` where the connection's other end has no such file open, since it is no client on the daemon's machine",
  },
);
/** A file that a client on the daemon's machine has open. */
export type LentFile = Static<typeof lentFile>;

/** What to take out of a container. */
export const pullRequest = strict({ path: insidePath, lent: optional(lentFile) });
/** What to take out of a container. */
export type PullRequest = Static<typeof pullRequest>;

const id = (whose: string) =>
  optional(
    integer({ minimum: 0, maximum: 2 ** 32 - 2, description: `${whose} of a file, by number (default: 0)` }),
  );

/** What to put into a container, and where. */
export const pushRequest = strict({
  path: insidePath,
  form: oneOf(['file', 'archive'], {
    description: '`file`: the input is its bytes; `archive`: it is a tar archive, unpacked below the path',
  }),
  name: optional(
    string({
      minLength: 1,
      maxLength: 255,
      description: 'What it is called below the path, where that is a folder',
    }),
  ),
  owner: optional(
    string({
      minLength: 1,
      maxLength: 256,
      description:
        "Whose all of it is to be, by a name or number of the container's own /etc/passwd (default: as `uid` and `gid` or the archive say)",
    }),
  ),
  uid: id('User'),
  gid: id('Group'),
  mode: optional(
    integer({
      minimum: 0,
      maximum: 0o7777,
      description: 'Permissions of a file (default: 420, which is 0644)',
    }),
  ),
  lent: optional(lentFile),
  mtime: optional(integer({ description: 'When a file was changed, in seconds since 1970 (default: now)' })),
});
/** What to put into a container, and where. */
export type PushRequest = Static<typeof pushRequest>;

/** What a run wrote to its console. */
export const consoleLog = object(
  {
    run: oneOf(['last', 'before'], { description: 'Which run: the present or last one, or the one before' }),
    text: string({ description: 'The last 64 KiB of it, escape sequences and all' }),
    truncated: boolean({ description: 'Whether it wrote more than that' }),
  },
  { title: 'ConsoleLog', description: 'What a run wrote to its console' },
);
/** What a run wrote to its console. */
export type ConsoleLog = Static<typeof consoleLog>;
