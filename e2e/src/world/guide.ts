// Follows a page of docs/guide as a reader does: each file is written, each command run, in their order, and each output compared.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './command.js';
import type { World } from './world.js';

const folderOfPages = new URL('../../../docs/guide/', import.meta.url);
/** The pages there are, but for the one that lists them. */
export const guides = (): string[] =>
  readdirSync(folderOfPages).filter((name) => name.endsWith('.md') && name !== 'README.md');

/** Where `ctvirt`, `vzctl` and the like are. */
const checkout = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * `sh` is run line by line and has to succeed, with `fails` after it to fail in the end, with `far` at another host; `text` is what the
 * commands before it print; any other language is a file, named by the comment in its first line; a block without one is left alone.
 * That the daemon is started again is asked of no init here.
 */
interface Block {
  readonly language: string;
  readonly fails: boolean;
  readonly isFar: boolean;
  readonly body: string;
}

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)( fails)?( far)?\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', fails, far, body = '']) => ({
      ...{ language, body },
      ...{ fails: fails !== undefined, isFar: far !== undefined },
    }),
  );
}

/** A command a line; what ends in a backslash goes on. */
const commandsOf = (body: string): string[] => body.trim().split(/(?<!\\)\n/);

/** These are no chance: exit statuses, what a play did, addresses of documentation, and lines with a small number alone. */
const certain =
  /status \d+|(?:changed|failed)=\d+|(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+|2001:db8[0-9a-f:]*|^\d{1,3}$/;
const numbers = new RegExp(`(${certain.source})|\\d+`, 'g');

/** Numbers, sizes, months, addresses of hardware and UUIDs differ from run to run, and with them the widths of columns. */
const masked = (line: string): string =>
  line
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UUID')
    .replace(/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, 'MAC')
    .replace(/\d+(\.\d+)? ([KMGT]i)?B\b/g, 'SIZE')
    .replace(/\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?= +\d)/g, 'MONTH')
    .replace(numbers, (_, kept?: string) => kept ?? 'N')
    .replace(/[\s-]+/g, ' ')
    .trim();

/** Asserts that the output has these lines in this order; `...` stands for any others. */
function assertShown(shown: string, output: string, after: string): void {
  const lines = output.split('\n').map(masked);
  let from = 0;
  let skips = true;
  for (const line of shown.split('\n').map(masked)) {
    if (line === '') continue;
    if (/^\.+$/.test(line)) {
      skips = true;
      continue;
    }
    while (lines[from] === '') from++;
    const at = lines.indexOf(line, from);
    assert.ok(
      at >= 0 && (skips || at === from),
      `after '${after}' the page shows '${line}', but:\n${output}`,
    );
    from = at + 1;
    skips = false;
  }
}

/** Reads pages at the host of a world. */
export class Reader {
  private constructor(
    private readonly world: World,
    private readonly folder: string,
    /** What several hosts share. */
    private readonly shared: string,
  ) {}

  static async at(world: World, shared = world.host): Promise<Reader> {
    const folder = `${world.host}/guide`;
    await mkdir(folder, { recursive: true });
    return new Reader(world, folder, shared);
  }

  /** Follows a page; `prints` is what commands print that the page does not show, and `far` sits at the other host. */
  async follow(page: string, prints: Readonly<Record<string, RegExp>> = {}, far?: Reader): Promise<void> {
    const unseen = new Set(Object.keys(prints));
    let said = '';
    let last = '';
    for (const { language, fails, isFar, body } of blocksOf(
      await readFile(new URL(page, folderOfPages), 'utf8'),
    )) {
      if (language === 'text') assertShown(body, said, last);
      else if (language !== 'sh') await this.write(body);
      else {
        said = '';
        const commands = commandsOf(body);
        for (const [index, command] of commands.entries()) {
          const { status, stdout } = await (isFar ? (far ?? assert.fail(command)) : this).run(command);
          const shouldFail = fails && index === commands.length - 1;
          assert.equal(status !== 0, shouldFail, `${command}\n${stdout}`);
          assert.match(stdout, prints[command] ?? /^/, command);
          unseen.delete(command);
          said += stdout;
          last = command;
        }
      }
    }
    assert.deepEqual([...unseen], [], 'what is expected is not in the guide');
  }

  /** One command line, all that it prints in `stdout`; ctvirt's own places are those of the world, and nothing is left in root's home. */
  async run(command: string): Promise<Outcome> {
    if (command === 'systemctl restart ctvirtd') {
      await this.world.stop();
      await this.world.start();
      return { status: 0, stdout: '', stderr: '' };
    }
    const path = `${checkout}:${dirname(process.execPath)}:$PATH`;
    const line = `exec 2>&1; cd ${this.folder} && PATH="${path}" && ${this.#here(command)}`;
    const outcome = await this.world.enclosure.run(['/bin/sh', '-c', line], {
      env: { HOME: this.folder, CTVIRT_ROOT: this.world.root, ANSIBLE_REMOTE_TEMP: this.folder },
    });
    return { ...outcome, stdout: this.#there(outcome.stdout) };
  }

  /** A file by the name in its first line, which is `# NAME` or `<!-- NAME -->`; before it a program names its interpreter. */
  async write(body: string): Promise<void> {
    const [, name] = /^(?:#!.*\n)?(?:<!-- |# )(\S+)(?: -->)?\n/.exec(body) ?? [];
    assert.ok(name !== undefined, `a file without a name: ${body}`);
    const path = name.startsWith('/')
      ? this.world.enclosure.path(this.#here(name))
      : `${this.folder}/${name}`;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, this.#here(body));
  }

  get #places(): [string, string][] {
    const { root } = this.world;
    return [
      ['/etc/ctvirt', `${root}/etc`],
      ['/var/lib/ctvirt', `${root}/lib`],
      ['/run/ctvirt', `${root}/run`],
      ['/srv/backup', `${this.shared}/backup`],
    ];
  }

  /** What follows a colon is another host's. */
  #here(text: string): string {
    return this.#places.reduce(
      (done, [usual, own]) => done.replaceAll(new RegExp(`(?<!:)${usual}`, 'g'), own),
      text,
    );
  }

  /** The reader sits in a folder for such work. */
  #there(text: string): string {
    return [...this.#places, ['/srv/work', this.folder]].reduce(
      (done, [usual = '', own = '']) => done.replaceAll(own, usual),
      text,
    );
  }
}
