// The names of a running container, its own and where names are asked for: told to its kernel's part, and to its files.
// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { Domain } from '@ctvirt/xml';
import { type GuestFile, LARGEST, type Present } from '../../../guest/files.js';
import { hostnameOf, nameFilesOf } from '../../../lifecycle/document.js';
import type { DomainRecord } from '../../../state/record.js';
import type { Step } from './step.js';

/** What is needed of a run. */
export interface NamesContext {
  readonly record: DomainRecord;
  /** Runs a script with /bin/sh inside, and returns what it printed. */
  readonly inside: (tool: {
    readonly script: string;
    readonly words?: readonly string[];
    readonly input?: string;
  }) => Promise<string>;
}

/** None where no name differs. */
export function nameSteps(from: Domain, to: Domain, context: NamesContext): Step[] {
  if (isDeepStrictEqual(namesIn(from), namesIn(to))) return [];
  return [{ do: () => tell(to, context), undo: () => tell(from, context), isGradual: true }];
}

const namesIn = (domain: Domain) => ({ hostname: hostnameOf(domain), dns: domain.dns ?? {} });

const nameScript = 'hostname "$1" 2>/dev/null || busybox hostname "$1"';
/** What is no plain file of no great size is left, as by a start. */
const readScript = `if [ ! -e "$1" ]; then exit 0; fi
if [ -f "$1" ] && [ "$(wc -c < "$1")" -le ${LARGEST} ]; then echo text; cat "$1"; else echo other; fi`;
const writeScript = `if [ -d "$1" ]; then echo "$1 is a folder" >&2; exit 1; fi
umask 022
# Of a daemon that is killed comes a part, or nothing.
if ! { cat > "$1.new" && [ $(wc -c < "$1.new") -eq "$2" ] && mv -f "$1.new" "$1"; }; then rm -f "$1.new"; exit 1; fi`;

async function tell(domain: Domain, { record, inside }: NamesContext): Promise<void> {
  await inside({ script: nameScript, words: [hostnameOf(domain)] });
  const known = new Map<string, Present>();
  for (const file of nameFilesOf(domain, record)) await write(file, known, inside);
}

async function write(
  { folder, name, text }: GuestFile,
  known: Map<string, Present>,
  inside: NamesContext['inside'],
): Promise<void> {
  const path = `/${folder}/${name}`;
  const present = presentIn(await inside({ script: readScript, words: [path] }));
  const before = typeof present === 'object' ? present.text : undefined;
  // None of a name is ever removed.
  const next =
    text({ present, made: 'missing', beside: (other) => known.get(other) ?? 'missing' }) ?? undefined;
  if (next !== undefined && next !== before)
    await inside({ script: writeScript, words: [path, String(next.length)], input: next });
  known.set(name, next === undefined ? present : { text: next, isOpen: true });
}

function presentIn(said: string): Present {
  const [, kind, text = ''] = /^(text|other)\n(.*)$/s.exec(said) ?? [];
  if (kind === undefined) return 'missing';
  return kind === 'other' ? 'other' : { text, isOpen: true };
}
