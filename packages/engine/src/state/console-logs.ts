// What containers wrote to their consoles, of the present or last run and of the one before: liblxc writes it, daemon or no daemon.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { ConsoleLog } from '@ctvirt/api';
import { isErrno, unlessGone } from '../host/gone.js';

/**
 * As much of each run is kept; liblxc begins another file when one is so long, and keeps the full one beside it. At that place it
 * writes some characters of one read twice, and loses as many others.
 */
export const CONSOLE_LOG_BYTES = 64 * 1024;

/** The name that liblxc gives the full one. */
const full = (path: string): string => `${path}.1`;

/** A folder for each domain, by UUID: a domain that is called otherwise keeps it. */
export class ConsoleLogs {
  constructor(private readonly parent: string) {}

  /** A run begins: what the last one wrote is that of the run before. Returns where liblxc is to write. */
  begin(uuid: string): string {
    mkdirSync(this.#folder(uuid), { recursive: true, mode: 0o700 });
    const [now, before] = [this.#path(uuid, 'last'), this.#path(uuid, 'before')];
    for (const [from, to] of [
      [now, before],
      [full(now), full(before)],
    ] as const) {
      rmSync(to, { force: true });
      renameIfThere(from, to);
    }
    return now;
  }

  read(uuid: string, run: ConsoleLog['run']): ConsoleLog {
    const path = this.#path(uuid, run);
    const [older, newer] = [full(path), path].map((each) => unlessGone(() => readFileSync(each)));
    const all = Buffer.concat([older ?? Buffer.alloc(0), newer ?? Buffer.alloc(0)]);
    const kept = all.subarray(-CONSOLE_LOG_BYTES);
    return {
      run,
      text: withoutHalf(kept).toString('utf8').replaceAll('\r\n', '\n'),
      truncated: older !== undefined,
    };
  }

  forget(uuid: string): void {
    rmSync(this.#folder(uuid), { recursive: true, force: true });
  }

  /** Of domains that are no more, which a killed daemon had begun to forget. */
  forgetOthers(known: ReadonlySet<string>): void {
    for (const uuid of readdirSync(this.parent)) if (!known.has(uuid)) this.forget(uuid);
  }

  #folder(uuid: string): string {
    return join(this.parent, uuid);
  }

  #path(uuid: string, run: ConsoleLog['run']): string {
    return join(this.#folder(uuid), run);
  }
}

const LINE_CHARACTERS = 300;

/** The last lines of a log, as they are told beside an error and in the daemon's log: empty ones say nothing, nor do a terminal's signs. */
export const lastLines = ({ text }: Pick<ConsoleLog, 'text'>, most = 20): string[] =>
  stripVTControlCharacters(text)
    .split('\n')
    .map((line) =>
      line
        .replaceAll(/\p{Cc}/gu, ' ')
        .trimEnd()
        .slice(0, LINE_CHARACTERS),
    )
    .filter((line) => line !== '')
    .slice(-most);

/** What is left of a character that was cut in two. */
function withoutHalf(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return bytes.subarray(start);
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
