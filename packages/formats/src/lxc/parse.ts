// liblxc configuration read to rows: includes followed, old names made present ones, cleared keys taken back.
// SPDX-License-Identifier: Apache-2.0
import { absenceOf, type FileSet } from '../files.js';
import type { Place } from '../report.js';
import { lxcKeyOf, presentName, removedKey } from './keys.js';

/** One setting in effect; `key` is its present name without `lxc.`. */
export interface LxcSetting extends Place {
  readonly name: string;
  readonly value: string;
}

/** A line that sets nothing, and why. */
export interface LxcSkip extends Place {
  readonly why: string;
}

/** A configuration with what it includes, in the order in which liblxc reads it. */
export interface LxcSettings {
  readonly settings: readonly LxcSetting[];
  readonly skipped: readonly LxcSkip[];
  /** Included paths that were not given. */
  readonly missing: readonly string[];
  /** What lxc.rootfs.backend said, before LXC 2.1, of how to understand the path of the root. */
  readonly backend: string | undefined;
}

const maxDepth = 16;
const maxSettings = 5_000;
/** Over all included files: a few files that include each other twice would otherwise multiply without end. */
const maxLines = 20_000;

/** Reads a configuration and what it includes; never fails: what cannot be used is among `skipped`. */
export function parseLxc(files: FileSet, main: string, isWhole = false): LxcSettings {
  const reader = new Reader(files, isWhole);
  reader.include(main, []);
  const { settings, skipped, missing, backend } = reader;
  return { settings, skipped, missing: [...missing], backend };
}

class Reader {
  settings: LxcSetting[] = [];
  readonly skipped: LxcSkip[] = [];
  readonly missing = new Set<string>();
  backend: string | undefined;
  #lines = 0;
  /** Number of the interface that `lxc.network.…` lines without one belong to. */
  #legacyNic: number | undefined;

  constructor(
    readonly files: FileSet,
    readonly isWhole: boolean,
  ) {}

  include(path: string, stack: readonly string[]): void {
    const text = this.files.get(path)?.text;
    if (text === undefined) {
      this.missing.add(path);
      return;
    }
    const within = [...stack, path];
    for (const [index, raw] of text.split('\n').entries()) {
      if (++this.#lines > maxLines) return;
      this.#line(raw.trim(), { file: path, line: index + 1 }, within);
    }
  }

  #line(text: string, at: { file: string; line: number }, stack: readonly string[]): void {
    if (text === '' || text.startsWith('#')) return;
    const equals = text.indexOf('=');
    const key = (equals < 0 ? text : text.slice(0, equals)).trim();
    const place = { ...at, key };
    const why = this.#unusable(key, equals);
    if (why !== undefined) {
      this.skipped.push({ ...place, why });
      return;
    }
    const value = unquote(text.slice(equals + 1).trim());
    const name = this.#nameOf(key.slice('lxc.'.length))?.replace(/^net\.0+(?=\d)/, 'net.');
    if (name === undefined) {
      const why = removedKey(key.slice('lxc.'.length)) ?? 'is no key of liblxc 5, nor of an older release';
      if (key === 'lxc.rootfs.backend') this.backend = value;
      this.skipped.push({ ...place, why });
    } else if (name === 'include') this.#follow(value, place, stack);
    else if (value === '') this.#clear(name, place);
    else {
      if (lxcKeyOf(name)?.repeat === 'replace') this.#clear(name, place);
      this.settings.push({ ...place, name, value });
    }
  }

  #unusable(key: string, equals: number): string | undefined {
    if (!key.startsWith('lxc.')) return 'is no lxc key: liblxc does not look at the line';
    if (equals < 0) return 'has no "="';
    return this.settings.length < maxSettings ? undefined : `stands after ${maxSettings} other settings`;
  }

  #nameOf(spelled: string): string | undefined {
    if (
      lxcKeyOf(spelled) !== undefined ||
      /^(net|net\.\d{1,5}|cgroup2?|hook|prlimit|sysctl|proc)$/.test(spelled)
    )
      return spelled;
    const name = presentName(spelled);
    if (!name?.startsWith('net.N.')) return name;
    if (name === 'net.N.type') this.#legacyNic = this.#nextNic();
    return this.#legacyNic === undefined ? undefined : name.replace('N', String(this.#legacyNic));
  }

  #nextNic(): number {
    const used = this.settings.map(({ name }) => Number(/^net\.(\d+)\./.exec(name)?.[1] ?? -1));
    return Math.max(-1, ...used) + 1;
  }

  #follow(path: string, place: Place, stack: readonly string[]): void {
    const targets = this.files.has(path) ? [path] : confFilesIn(this.files, path);
    if (targets.length === 0) {
      this.missing.add(path);
      this.#skip(place, absenceOf(path, this.isWhole));
    }
    for (const target of targets) {
      if (stack.includes(target)) this.#skip(place, `${target} includes itself`);
      else if (stack.length >= maxDepth) this.#skip(place, `includes are nested more than ${maxDepth} deep`);
      else this.include(target, stack);
    }
  }

  #clear(name: string, place: Place): void {
    const gone = this.settings.filter(
      (setting) => setting.name === name || setting.name.startsWith(`${name}.`),
    );
    if (gone.length === 0) return;
    for (const { file, line, key } of gone)
      this.skipped.push({ file, line, key, why: `is replaced in ${place.file}, line ${place.line}` });
    this.settings = this.settings.filter((setting) => !gone.includes(setting));
  }

  #skip(place: Place, why: string): void {
    this.skipped.push({ ...place, why });
  }
}

function unquote(value: string): string {
  return value.length > 1 && /^["']/.test(value) && value.at(-1) === value[0] ? value.slice(1, -1) : value;
}

function confFilesIn(files: FileSet, folder: string): string[] {
  const prefix = `${folder.replace(/\/+$/, '')}/`;
  return [...files.keys()]
    .filter(
      (path) => path.startsWith(prefix) && path.endsWith('.conf') && !path.slice(prefix.length).includes('/'),
    )
    .sort();
}
