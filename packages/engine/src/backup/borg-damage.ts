// Which files of backups lie in parts of a repository that are gone or not what they were, told by what borg complains of.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** How many files of its data it puts in a folder, unless its configuration says something else. */
const IN_FOLDER = 1000;
const CHUNK = /^chunk ([0-9a-f]{64})[:,]/;
const LOST = /^ID: ([0-9a-f]{64}) +rebuilt index: <not found> +committed index: \((\d+), \d+\)/;

export class BorgDamage {
  readonly #chunks = new Set<string>();

  constructor(private readonly repository: string) {}

  /** How much lies there. */
  bytes(): number {
    const data = join(this.repository, 'data');
    const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    return files.reduce(
      (sum, { parentPath, name }) =>
        sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }

  hear(complaint: string | undefined): void {
    const [, chunk] = CHUNK.exec(complaint ?? '') ?? [];
    if (chunk !== undefined) this.#chunks.add(chunk);
    const [, lost, segment] = LOST.exec(complaint ?? '') ?? [];
    // Of a segment with a fault it takes all behind that for lost.
    if (lost !== undefined && !this.#has(Number(segment))) this.#chunks.add(lost);
  }

  #has(segment: number): boolean {
    return existsSync(
      join(this.repository, 'data', String(Math.floor(segment / IN_FOLDER)), String(segment)),
    );
  }

  /** Reads what borg says of a backup, item by item with its chunks before its path; `paths` are those that are hit. */
  pathsIn(): { readonly read: (text: string) => void; readonly paths: Set<string> } {
    const paths = new Set<string>();
    let [rest, isHit] = ['', false];
    const read = (text: string): void => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '    {') isHit = false;
        const chunk = /([0-9a-f]{64})",?$/.exec(line)?.[1];
        if (chunk !== undefined && this.#chunks.has(chunk)) isHit = true;
        const [, path] = /^ {8}"path": (".*"),?$/.exec(line) ?? [];
        if (path !== undefined && isHit) paths.add(String(JSON.parse(path)).replace(/\p{Cs}/gu, '\ufffd'));
      }
    };
    return { read, paths };
  }
}
