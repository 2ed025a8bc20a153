// The engine's one error class: a stable code for programs, a sentence for people, the cause always kept.
// SPDX-License-Identifier: Apache-2.0
import type { LedgerResource } from '@ctvirt/api';
import type { Finding } from '@ctvirt/xml';

/** Every way an engine operation can fail. The daemon's errors.ts maps each to libvirt, HTTP and exit status. */
export const engineCodes = [
  'not-found',
  'exists',
  'in-use',
  'busy',
  'invalid',
  'unsupported',
  'denied',
  'no-space',
  'over-quota',
  'overcommitted',
  'wrong-state',
  'changed',
  'host-command',
  'timeout',
  'interrupted',
  'internal',
] as const;
/** One of `engineCodes`. */
export type EngineCode = (typeof engineCodes)[number];

/** What the host was asked when it refused: a call of the kernel, a program, a file. */
export interface HostDetails {
  readonly path?: string | undefined;
  /** The call, and what it was about. */
  readonly call?: string;
  readonly subject?: string;
  /** A program, how it ended, and the last it said. */
  readonly argv?: readonly string[];
  readonly status?: number | string | null;
  readonly signal?: string | null;
  readonly stderr?: string;
  /** What a program of the host wrote into its log before it ended. */
  readonly errors?: readonly string[];
  /** The last lines that a container wrote to its console. */
  readonly console?: readonly string[];
  /** How far a program had come into a container. */
  readonly step?: string;
}

/** Where in a document or a configuration something is wrong. */
interface Misplaced {
  readonly findings?: readonly Finding[];
  readonly file?: string;
  readonly line?: number;
  readonly key?: string;
}

/** One promise that the host cannot keep, with the arithmetic. */
export interface Shortage {
  readonly resource: LedgerResource;
  readonly promisedBy: string;
  readonly capacity: number;
  readonly reserve: number;
  readonly promised: number;
  readonly asked: number;
  readonly missing: number;
}

/** What an error of each code may carry for programs, beside its sentence: plain data, since it goes out over HTTP. */
export interface Details {
  readonly 'not-found': HostDetails & {
    readonly name?: string;
    /** What was said for a domain. */
    readonly ref?: string;
    readonly pid?: number;
  };
  readonly exists: HostDetails & {
    readonly name?: string;
    /** The domain that has it. */
    readonly holder?: string;
    readonly target?: string;
    readonly link?: string;
    readonly mac?: string;
    readonly address?: string;
  };
  readonly 'in-use': {
    readonly name?: string;
    readonly path?: string;
    /** Who needs it. */
    readonly users?: readonly string[];
  };
  readonly busy: HostDetails & {
    readonly group?: string;
    readonly image?: string;
    readonly device?: string;
    readonly source?: string;
    /** A limit's file in a control group, and the line it does not take. */
    readonly file?: string;
    readonly value?: string;
    /** Who keeps it busy. */
    readonly pid?: number;
    readonly uid?: number;
  };
  readonly invalid: HostDetails &
    Misplaced & {
      readonly name?: string;
      readonly files?: string;
      readonly source?: string;
      readonly address?: string;
      /** What a configuration is already that was to become it. */
      readonly format?: string;
      /** Why an archive was refused. */
      readonly reason?: string;
    };
  readonly unsupported: HostDetails & {
    readonly name?: string;
    readonly format?: string;
    readonly files?: string | readonly string[];
    readonly source?: string;
    readonly target?: string;
    readonly image?: string;
    readonly folder?: string;
    readonly options?: readonly string[];
    /** What cannot change while it runs. */
    readonly fixed?: readonly string[];
    readonly file?: string;
    readonly value?: string;
    /** What this kernel lacks. */
    readonly module?: string;
    readonly controllers?: readonly string[];
  };
  readonly denied: HostDetails & {
    readonly files?: string;
    readonly source?: string;
    readonly link?: string;
    readonly folder?: string;
    readonly image?: string;
    /** Of the host, that a container had. */
    readonly mounts?: readonly { readonly target: string; readonly root: string; readonly type: string }[];
    /** Whose a file is, and its mode in octal. */
    readonly uid?: number;
    readonly gid?: number;
    readonly mode?: string;
  };
  readonly 'no-space': HostDetails & {
    readonly image?: string;
    readonly target?: string;
    /** A range that is used up. */
    readonly start?: number;
    readonly count?: number;
    /** How many bytes it takes. */
    readonly needed?: number;
  };
  readonly 'over-quota': HostDetails & { readonly processes?: number; readonly limit?: number };
  readonly overcommitted: { readonly shortages?: readonly Shortage[] };
  readonly 'wrong-state': {
    /** The state that is in the way, where it is that alone. */
    readonly state?: 'shutoff';
  };
  readonly changed: {
    readonly name?: string;
    /** When it was changed last, and who asked for that if it is known. */
    readonly at?: string;
    readonly by?: string;
  };
  readonly 'host-command': HostDetails & { readonly link?: string };
  readonly timeout: HostDetails;
  readonly interrupted: HostDetails;
  readonly internal: HostDetails & Misplaced;
}

/** What an error may carry, whichever its code. */
export type AnyDetails = Details[EngineCode];

/** What an error has besides its details. */
export interface EngineErrorOptions {
  readonly cause?: unknown;
  /** The kernel's word for it, such as `ENOENT`, where it was the kernel that refused. */
  readonly errno?: string | undefined;
}

/** What an error is made of: details as its code has them. */
type Made = {
  [C in EngineCode]: [code: C, message: string, details?: Details[C], options?: EngineErrorOptions];
}[EngineCode];

/** What the engine throws. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineCode;
  readonly details: AnyDetails;
  readonly errno: string | undefined;

  constructor(...[code, message, details = {}, options = {}]: Made) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = details;
    this.errno = options.errno;
  }
}

/** An error of one code, with the details that it may have. */
export type EngineErrorOf<C extends EngineCode> = EngineError & {
  readonly code: C;
  readonly details: Details[C];
};

/** Whether something that was thrown is the engine's error of this code. */
export const isFault = <C extends EngineCode>(error: unknown, code: C): error is EngineErrorOf<C> =>
  error instanceof EngineError && error.code === code;

/** The same error, with more said. */
export function withMore(error: unknown, more: string): unknown {
  if (error instanceof Error) error.message = `${error.message}; ${more}`;
  return error;
}

/** A domain is asked for what only a running one can do: every door refuses it by this. */
export const notRunning = (name: string, advice = ''): EngineError =>
  new EngineError('wrong-state', `domain '${name}' is not running${advice}`, { state: 'shutoff' });

/** Who reaches into a container finds that it is no more. */
export const containerGone = (): EngineError =>
  new EngineError('wrong-state', 'the container has ended meanwhile');

/** The kernel's word for why it refused, where that is what was thrown. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof EngineError ? error.errno : undefined;
