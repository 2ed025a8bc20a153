// How a program that keeps backups is run: it sees its repository, the password and the trees at names that never change, and no network.
// SPDX-License-Identifier: Apache-2.0
import { commandFor } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { errnoInWords, refusalOf } from '../host/refusal.js';
import { Child } from '../templates/archive/child.js';
import { type Confinement, confinedArgv, missingPackage } from '../templates/archive/confined.js';
import { lineOf } from './json.js';
import type { Going, RepositorySpec } from './tool.js';

/** Where a domain lies for it, whatever it is called and wherever its files are: it finds what it knows by this path. */
export const TREES = '/ctvirt/trees';
export const ABOUT = '/ctvirt/about';
export const REPOSITORY = '/repository';
export const PASSWORD = '/password';
/** Of what could not be read so many are told. */
export const UNREAD_TOLD = 100;
/** What is read of any repository. */
const READER = ['CAP_DAC_READ_SEARCH'];
/** What a tree is written with. */
export const WRITER: readonly string[] = [
  ...['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_MKNOD', 'CAP_SETFCAP', 'CAP_SETPCAP'],
];
/** Of one run; much of what a program reserves it never uses. */
const bounds = { cpuSeconds: 1_000_000, memoryBytes: 2 ** 36, fileBytes: 2 ** 50 };

/** A path of a tree as the domain has it: of the root's nothing is said before it. */
export const inDomain = (path: string): string => path.replace(/^\/ctvirt\/trees\/root(?=\/)/, '');

/** How it is run. */
export interface Run extends Going {
  readonly box?: Partial<Confinement>;
  /** Whether the repository cannot be written. */
  readonly readOnly?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly within?: ((start: () => Child) => Child) | undefined;
  readonly onText?: (text: string) => void;
  /** Each line of its output, which is JSON. */
  readonly onLine?: (line: unknown) => void;
  /** Whole lines of what it complains of, as they come. */
  readonly onComplaint?: (lines: string, child: Child) => void;
  /** What it complained of, in words; the end of it as it came if missing. */
  readonly complaint?: () => string;
  /** Told now and then how many bytes it has written. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
  /** Exit statuses that are no failure beside 0. */
  readonly allow?: readonly number[];
  readonly failed: string;
  /** What is said instead where nothing was in its way. */
  readonly faulty?: string;
  /** What it says of a repository in words of its own; undefined of all else. */
  readonly explain: (stderr: string) => EngineError | undefined;
}

/** Runs it to its end, and returns its exit status; throws where that tells of a failure. */
export async function runProgram(
  argv: readonly [string, ...string[]],
  { path, passwordFile }: RepositorySpec,
  run: Run,
): Promise<number> {
  const { signal, box, readOnly = false, env = {}, within = (start) => start(), onText, onLine } = run;
  const confinement: Confinement = {
    ...bounds,
    capabilities: READER,
    scratch: true,
    ...box,
    binds: [
      { from: path, to: REPOSITORY, writable: !readOnly },
      { from: passwordFile, to: PASSWORD },
      ...(box?.binds ?? []),
    ],
  };
  const { onWritten, onComplaint } = run;
  await using child = within(() => new Child(confinedArgv(argv, confinement), { signal, env, onWritten }));
  if (onComplaint !== undefined) child.onComplaint((lines) => onComplaint(lines, child));
  let rest = '';
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout) {
    onText?.(String(text));
    if (onLine === undefined) continue;
    const lines = (rest + String(text)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(lineOf(line));
  }
  const status = await child.ended;
  if (signal?.aborted) throw new EngineError('interrupted', `${run.failed}: it was interrupted`);
  if (typeof status === 'number' && (status === 0 || run.allow?.includes(status) === true)) return status;
  const complaint = run.complaint?.() ?? '';
  throw failureOf(run, argv, status, complaint === '' ? child.complaint : complaint);
}

function failureOf(
  { failed, faulty = failed, explain }: Run,
  argv: readonly [string, ...string[]],
  status: number | string,
  stderr: string,
): EngineError {
  const missing = missingPackage(stderr);
  const details = { argv, status, stderr };
  if (missing !== undefined)
    return new EngineError(
      'host-command',
      `${failed}: this host lacks ${missing}: apt install ${missing}`,
      details,
    );
  const said = stderr
    .replace(/^Fatal: /m, '')
    .split('\n')
    .slice(-3)
    .join(' ');
  return (
    explain(stderr) ??
    refusalOf(errnoInWords(stderr) ?? '', faulty, details) ??
    new EngineError(
      'host-command',
      `${faulty}: ${said === '' ? `${argv[0]} ended with ${status}` : said}`,
      details,
    )
  );
}

/** Who works in a repository, as far as that is known. */
export const inOtherHands = (failed: string, { name, path }: RepositorySpec, who: string): EngineError =>
  new EngineError(
    'busy',
    `${failed}: somebody else works in repository '${name}'${who}: try again when that has ended`,
    { path },
  );

export const wrongPassword = (failed: string, { path, passwordFile }: RepositorySpec): EngineError =>
  new EngineError(
    'denied',
    `${failed}: the password in ${passwordFile} is not that of the repository in ${path}`,
    {
      path: passwordFile,
    },
  );

export const noRepository = ({ name, path }: RepositorySpec): EngineError =>
  new EngineError(
    'not-found',
    `there is no repository in ${path}: mount what it lies on, if that is away; \`${commandFor('backup init', [name])}\` makes a new one`,
    { path },
  );
