// A container as the configuration in its archive has it: settings of liblxc's, by which it is read, and all else.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Filesystem } from '@ctvirt/xml';
import { withAnother } from '../beancounters.js';
import { rootTarget, withFilesystem, withRoot, withVcpu } from '../edit.js';
import type { HostFacts, ReadResult } from '../format.js';
import { type LxcSetting, type LxcSkip, parseLxc } from '../lxc/parse.js';
import { type OtherSetting, readSettings } from '../lxc/read.js';
import { approximated, carried, ignored, noted, type Outcome } from '../outcome.js';
import type { Place } from '../report.js';
import { soundly } from '../sound.js';

/** How it is read. */
export interface ReadArchived extends HostFacts {
  /** What it is called where it does not say. */
  readonly name: string;
  /** What its root is to be a file system of type template of: the root's files are in the archive. */
  readonly template: string;
}

/** Files that it has, and that the archive has not. */
export interface LeftSource {
  readonly kind: string;
  readonly source: string;
  readonly target: string | null;
}

/** A container read, and what of it is elsewhere. */
export interface ArchivedContainer extends ReadResult {
  readonly left: readonly LeftSource[];
}

/** Collects what one configuration says, each where it stands. */
export class Collected {
  readonly settings: LxcSetting[] = [];
  readonly skipped: LxcSkip[] = [];
  readonly others: OtherSetting[] = [];
  readonly left: LeftSource[] = [];

  /** `prefix` is what its keys are kept by that no element holds. */
  constructor(
    readonly file: string,
    private readonly prefix: string,
  ) {}

  at(line: number, key: string): Place {
    return { file: this.file, line, key };
  }
  /** As liblxc would be told it. */
  lxc(place: Place, name: string, value: string): void {
    this.settings.push({ ...place, name, value });
  }
  /** Lines of liblxc's own, which are kept where they are. */
  lines(place: Place, text: string): void {
    const { settings, skipped } = parseLxc(new Map([[this.file, { text }]]), this.file);
    for (const { name, value } of settings)
      this.lxc({ ...place, key: `${place.key}: lxc.${name}` }, name, value);
    for (const { key, why } of skipped) this.skipped.push({ ...place, key: `${place.key}: ${key}`, why });
  }
  other(place: Place, read: (domain: Domain) => Outcome): void {
    this.others.push({ place, read });
  }
  says(place: Place, how: string): void {
    this.other(place, (domain) => carried(domain, how));
  }
  nearly(place: Place, how: string): void {
    this.other(place, (domain) => approximated(domain, how));
  }
  ignores(place: Place, why: string): void {
    this.other(place, () => ignored(why));
  }
  keeps(place: Place, key: string, value: string, why = 'no element holds it'): void {
    this.other(place, (domain) =>
      noted(withAnother(domain, `${this.prefix}${key}`, value), `${why}; kept by its name`),
    );
  }
  /** Files that are not in the archive. */
  lacks(place: Place, left: LeftSource): void {
    this.left.push(left);
    this.ignores(place, `${left.source} is not in the archive`);
  }
  limit(place: Place, bytes: number | undefined, value: string): void {
    this.other(place, (domain) =>
      bytes === undefined
        ? ignored(`${value} is no size`)
        : carried(
            withRoot(domain, (root): Filesystem => ({ ...root, spaceHardLimitBytes: bytes })),
            'space_hard_limit of the root',
          ),
    );
  }
  processors(place: Place, value: string): void {
    const count = /^[1-9]\d{0,3}$/.test(value) ? Number(value) : undefined;
    this.other(place, (domain) =>
      count === undefined
        ? ignored(`${value} is no number of processors`)
        : carried(withVcpu(domain, { value: count }, count), 'vcpu'),
    );
  }

  read({ name, template, ...host }: ReadArchived): ArchivedContainer {
    const root: OtherSetting = {
      place: this.at(0, 'root'),
      read: (domain) =>
        carried(
          withFilesystem(domain, {
            type: 'template',
            source: { name: template },
            ...rootTarget,
          }),
          'the root, whose files are in the archive',
        ),
    };
    const { settings, skipped } = this;
    const others = [root, ...this.others];
    const read = soundly((careful) =>
      readSettings(name, { settings, skipped, files: new Map(), others }, { ...host, careful }),
    );
    return { ...read, left: this.left };
  }
}

/** A key's value that is a list of `key=value`, the first perhaps without a key. */
export function propertiesOf(value: string, first: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [index, part] of value.split(',').entries()) {
    const at = part.indexOf('=');
    if (at < 0 && index > 0) continue;
    const [key, said] = at < 0 ? [first, part] : [part.slice(0, at), part.slice(at + 1)];
    found.set(key.trim(), said.trim());
  }
  return found;
}

const powers = ['', 'k', 'm', 'g', 't', 'p'];

/** `8G`, `512MiB`, `2GB`; a unit without i counts by `thousand` where it has a B. */
export function bytesOf(text: string, thousand = 1024): number | undefined {
  const match = /^(\d{1,15})\s*([kmgtp]?)(i?)(b?)$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, digits = '', unit = '', binary = '', byte = ''] = match;
  const base = binary === '' && byte !== '' ? thousand : 1024;
  const bytes = Number(digits) * base ** powers.indexOf(unit.toLowerCase());
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
