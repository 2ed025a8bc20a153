// Programs of the administrator's that are told what becomes of domains, called as libvirt calls its own.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { EngineError } from '../errors.js';
import { unlessGone } from '../host/gone.js';
import { spawnPiped } from '../host/piped.js';
import { hostEnvironment } from '../host/run.js';
import { requireTrusted } from '../host/trusted.js';
import type { EngineLog } from '../log.js';

/** Words of libvirt's driver for LXC, with the second word that each goes with; `define` and `undefine` are our own. */
const stages = {
  define: 'begin',
  prepare: 'begin',
  start: 'begin',
  started: 'begin',
  reconnect: 'begin',
  stopped: 'end',
  release: 'end',
  undefine: 'end',
} as const;

/** What is about to be, or has been, done to a domain. */
export type HookOperation = keyof typeof stages;

/** Whose hooks are called, and with which document. */
export interface HookSubject {
  readonly name: string;
  readonly xml: () => string | Promise<string>;
}

/** How long each program may take: the domain waits, others do not. */
const LIMIT_MS = 60_000;
/** As much of what one complains of is told. */
const TOLD_CHARACTERS = 4096;
const EXECUTABLE = 0o111;

export interface HooksParts {
  /** With the program `lxc`, and the folder `lxc.d` of others. */
  readonly folder: string;
  readonly log: EngineLog;
  /** Tests wait for less. */
  readonly limitMs?: number;
}

export class Hooks {
  constructor(private readonly parts: HooksParts) {}

  /** Runs the hooks, of which each can refuse: the first that does not end with status 0 is thrown, and ends it. */
  async ask(subject: HookSubject, operation: HookOperation): Promise<void> {
    const programs = this.#programs();
    if (programs.length === 0) return;
    const xml = await subject.xml();
    for (const program of programs) await this.#run(program, { name: subject.name, xml }, operation);
  }

  /** Runs them all for what is so anyway: what fails is told in the log. */
  async tell(subject: HookSubject, operation: HookOperation): Promise<void> {
    const programs = this.#programs();
    if (programs.length === 0) return;
    const { name } = subject;
    try {
      const xml = await subject.xml();
      for (const program of programs)
        await this.#run(program, { name, xml }, operation).catch((error: unknown) =>
          this.#complain(name, error),
        );
    } catch (error) {
      this.#complain(name, error);
    }
  }

  #complain(name: string, error: unknown): void {
    this.parts.log('warn', error instanceof Error ? error.message : String(error), { domain: name });
  }

  /** Those that can be run, the one called `lxc` first, then those of the folder by their names. */
  #programs(): string[] {
    const { folder } = this.parts;
    const more = join(folder, 'lxc.d');
    const names = unlessGone(() => readdirSync(more)) ?? [];
    return [join(folder, 'lxc'), ...names.sort().map((name) => join(more, name))].filter(isProgram);
  }

  async #run(
    program: string,
    { name, xml }: { readonly name: string; readonly xml: string },
    operation: HookOperation,
  ): Promise<void> {
    requireTrusted(program, 'take the hook away');
    // A session of its own, to be ended with all that it has begun.
    const argv = ['/usr/bin/setsid', program, name, operation, stages[operation], '-'] as const;
    const {
      program: started,
      stdin,
      stdout,
      stderr,
      read,
      leave,
    } = spawnPiped(argv, { env: hostEnvironment });
    const { limitMs = LIMIT_MS } = this.parts;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      endSession(started.pid);
      started.kill();
    }, limitMs);
    stdout.resume();
    const complaint = beginningOf(stderr);
    stdin.end(xml);
    const status = await started.ended;
    clearTimeout(timer);
    // What it has left in the background is not waited for.
    leave();
    await read;
    if (status === 0 && !isLate) return;
    const said = complaint().trim();
    const how = isLate
      ? `had not ended after ${limitMs / 1000} s and was ended`
      : started.signal === undefined
        ? `ended with status ${status}`
        : `was ended by ${started.signal}`;
    throw new EngineError(
      'host-command',
      `the hook ${program} ${operation} of domain '${name}' ${how}${said === '' ? '' : `: ${said}`}`,
      { argv: argv.slice(1), status, signal: started.signal ?? null, stderr: said },
    );
  }
}

function isProgram(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && (found.mode & EXECUTABLE) !== 0;
}

function endSession(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // gone, or not yet a leader: then it has begun nothing
  }
}

function beginningOf(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length < TOLD_CHARACTERS) text += chunk;
  });
  return () => text.slice(0, TOLD_CHARACTERS);
}
