// Learns from an archive's members what system it holds: machine, init and name.
// SPDX-License-Identifier: Apache-2.0
import { parseElf } from './elf.js';
import type { MemberTree } from './member-tree.js';

/** What a tree says of itself. */
export interface SystemFacts {
  arch?: string;
  init?: string;
  os?: string;
}

const TEXT_BYTES = 65_536;
const ELF_BYTES = 4096;

const texts =
  /^(?:etc|usr\/lib)\/(?:passwd|group|os-release|system-release|redhat-release|centos-release|debian_version|alpine-release)$/;
const programs = /^(?:usr\/)?(?:s?bin|lib\/systemd)\/[^/]+$/;

/** Which init answers to which file, in the order they are looked for. */
export const INITS: readonly { init: string; program: RegExp; beside?: string }[] = [
  { init: 'systemd', program: /(?:^|\/)systemd$/ },
  { init: 'busybox', program: /(?:^|\/)busybox$/ },
  { init: 'openrc', program: /(?:^|\/)openrc-init$/ },
  { init: 'runit', program: /(?:^|\/)runit-init$/ },
  { init: 'upstart', program: /(?:^|\/)init$/, beside: 'sbin/initctl' },
  { init: 'sysvinit', program: /(?:^|\/)init$/, beside: 'etc/inittab' },
  { init: 'other', program: /./ },
];

/** Keeps the first bytes of the few files that tell. */
export class FactCollector {
  readonly #texts = new Map<string, string>();
  #arch: string | undefined;

  /** How many bytes of this file it wants to see; 0 for nearly all. */
  wants(path: string, size: number): number {
    if (texts.test(path) && size <= TEXT_BYTES) return size;
    if (this.#arch === undefined && size >= 64 && programs.test(path)) return Math.min(size, ELF_BYTES);
    return 0;
  }

  see(path: string, bytes: Buffer): void {
    if (texts.test(path)) this.#texts.set(path, bytes.toString('utf8'));
    else this.#arch ??= parseElf(bytes)?.arch;
  }

  /** Of a file that was seen. */
  text(path: string): string | undefined {
    return this.#texts.get(path);
  }

  /** The facts, once the whole tree is known. */
  facts(tree: MemberTree): SystemFacts {
    const facts: SystemFacts = {};
    if (this.#arch !== undefined) facts.arch = this.#arch;
    const program = tree.resolve('sbin/init');
    const init = INITS.find(
      (row) =>
        program !== undefined &&
        row.program.test(program) &&
        (row.beside === undefined || tree.resolve(row.beside) !== undefined),
    );
    if (init) facts.init = init.init;
    const os = this.#os(tree);
    if (os) facts.os = os;
    return facts;
  }

  #os(tree: MemberTree): string | undefined {
    const read = (path: string) => this.#texts.get(tree.resolve(path) ?? '');
    const release = read('etc/os-release') ?? read('usr/lib/os-release');
    const pretty = /^PRETTY_NAME=["']?([^"'\n]*)/m.exec(release ?? '')?.[1];
    if (pretty) return printable(pretty);
    for (const path of ['etc/centos-release', 'etc/redhat-release', 'etc/system-release']) {
      const line = read(path)?.split('\n')[0];
      if (line) return printable(line);
    }
    const debian = read('etc/debian_version')?.trim();
    if (debian) return printable(`Debian ${debian}`);
    const alpine = read('etc/alpine-release')?.trim();
    return alpine ? printable(`Alpine Linux ${alpine}`) : undefined;
  }
}

function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the point
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '').slice(0, 100);
}
