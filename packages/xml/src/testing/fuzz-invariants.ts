// What must hold for the parser and the writer whatever text they are given.
// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { ParseOptions } from '../convert/parse.js';
import { formatDevice, parseDevice } from '../device.js';
import { formatDomain, parseDomain } from '../document.js';
import { formatDocument, parseDocument } from '../documents.js';
import { XmlError } from '../errors.js';
import type { Finding } from '../finding.js';
import { defaultLimits, type Limits, type Node, writtenLimits } from '../read/node.js';
import { readPlain } from '../read/plain.js';
import { readFully } from '../read/tree.js';
import { type DescribedKind, describedKinds } from '../reference.js';
import type { Extra } from '../schema/model.js';

/** A guarantee that does not hold; the text it was found with is told by who catches it. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
}

function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new BrokenInvariant(what);
}

interface Outcome {
  readonly model: unknown;
  readonly findings: readonly Finding[];
  readonly write: (() => string) | undefined;
}

/** The documents of the package that a text may be. */
const readers: readonly ((text: string, options: ParseOptions) => Outcome)[] = [
  (text, options) => {
    const { domain, findings } = parseDomain(text, options);
    return {
      model: domain,
      findings,
      write: domain === undefined ? undefined : () => formatDomain(domain),
    };
  },
  (text, options) => {
    const { device, findings } = parseDevice(text, options);
    return {
      model: device?.model,
      findings,
      write: device === undefined ? undefined : () => formatDevice(device),
    };
  },
  (text, options) => {
    const { model, findings } = parseDocument('network', text, options);
    return { model, findings, write: model && (() => formatDocument('network', model)) };
  },
  (text, options) => {
    const { model, findings } = parseDocument('filter', text, options);
    return { model, findings, write: model && (() => formatDocument('filter', model)) };
  },
];

/** What an independent and naive count makes of a well-formed document. */
function measure(text: string): Omit<Limits, 'length'> {
  const bare = text.replace(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>/g, '');
  holds(!bare.includes('<!'), 'a declaration was accepted');
  holds(!/&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)/.test(bare), 'an entity was accepted');
  let [elements, depth, deepest, attributes] = [0, 0, 0, 0];
  for (const [tag] of bare.matchAll(/<(?:[^>"']|"[^"]*"|'[^']*')*>/g)) {
    if (tag.startsWith('</')) {
      depth--;
      continue;
    }
    elements++;
    deepest = Math.max(deepest, depth + 1);
    if (!tag.endsWith('/>')) depth++;
    attributes = Math.max(attributes, tag.match(/=\s*(?:"[^"]*"|'[^']*')/g)?.length ?? 0);
  }
  return { elements, depth: deepest, attributes };
}

function checkLimits(text: string, limits: Limits): void {
  const size: Limits = { length: text.length, ...measure(text) };
  for (const key of Object.keys(size) as (keyof Limits)[])
    holds(size[key] <= limits[key], `${size[key]} ${key} were accepted, the limit is ${limits[key]}`);
}

function checkFindings(text: string, findings: readonly Finding[]): void {
  const lines = text.split(/\r\n|\r|\n/);
  let total = 0;
  for (const finding of findings) {
    const { line, column, path, message, excerpt = '', found = '', expected = '', suggestion = '' } = finding;
    const length = [...(lines[line - 1] ?? '')].length;
    holds(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
    holds(column >= 1 && column <= length + 2, `column ${column} of ${length} in line ${line}`);
    holds(path.startsWith('/') && message !== '' && excerpt !== '', `a finding: ${JSON.stringify(finding)}`);
    total += [message, path, excerpt, found, expected, suggestion].reduce(
      (sum, part) => sum + part.length,
      0,
    );
  }
  holds(findings.length <= 200, `${findings.length} findings`);
  holds(total <= findings.length * 10_000, `findings of ${total} characters`);
}

const shared = [Object, Array, String, Number, Map, Function].map(({ prototype }) => prototype as object);
const inherited = (): string =>
  shared.map((prototype) => Reflect.ownKeys(prototype).map(String).join()).join(';');
const untouched = inherited();

/** Models are plain data: nobody's prototype is changed, and none of theirs is another than Object's. */
function checkPlain(model: unknown): void {
  if (typeof model !== 'object' || model === null) return;
  const prototype: unknown = Object.getPrototypeOf(model);
  holds(
    prototype === Object.prototype || prototype === Array.prototype,
    'a model with a prototype of its own',
  );
  for (const value of Object.values(model)) checkPlain(value);
}

/** Where two values first differ. */
function difference(a: unknown, b: unknown, path = 'model'): string {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return `${path} is ${JSON.stringify(a)}, then ${JSON.stringify(b)}`;
  const [first, second] = [a, b] as Record<string, unknown>[];
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
    if (!isDeepStrictEqual(first?.[key], second?.[key]))
      return difference(first?.[key], second?.[key], `${path}.${key}`);
  return path;
}

/**
 * The model without what is undefined, stray texts (which melt together) and the places of its extras: the same place
 * has several names, and that the same is written again says more.
 */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const known = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    known.map(([key, inner]) => [
      key,
      key === 'extras'
        ? (inner as Extra[])
            .filter(({ xml }) => xml === undefined || xml.startsWith('<'))
            .map(({ before: _, index: __, ...rest }) => JSON.stringify(rest))
            .toSorted()
        : plain(inner),
    ]),
  );
}

/** What is written must be read as the same and be written the same again. */
function checkRoundTrip(read: (text: string) => Outcome, { model, write }: Outcome): void {
  if (write === undefined) return;
  const written = write();
  const again = read(written);
  const [fault] = again.findings.filter(({ severity }) => severity === 'error');
  holds(
    again.write !== undefined,
    `what was written is refused: ${fault?.code} ${fault?.message} ${fault?.excerpt}\n${written}`,
  );
  const rewritten = again.write();
  holds(rewritten === written, `it is written otherwise again:\n${written}\n---\n${rewritten}`);
  const [first, second] = [plain(model), plain(again.model)];
  holds(isDeepStrictEqual(first, second), `the model changes: ${difference(first, second)}`);
}

/** libvirt's form leaves things out; what it has is well-formed and stays as it is. */
function checkLibvirtForm(kind: DescribedKind, text: string): void {
  const { model } = parseDocument(kind, text);
  if (model === undefined) return;
  try {
    const written = formatDocument(kind, model, { libvirt: true });
    const again = parseDocument(kind, written, { foreign: true });
    holds(again.model !== undefined, `libvirt's form is refused: ${again.findings[0]?.message}\n${written}`);
    const rewritten = formatDocument(kind, again.model, { libvirt: true });
    holds(rewritten === written, `libvirt's form changes:\n${written}\n---\n${rewritten}`);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
  }
}

/** What the reader for documents of the usual kind makes of a text is what the full one makes of it. */
function checkPlainReader(text: string, limits: Limits): void {
  const quick = readPlain(text, limits);
  if (quick === undefined) return;
  const full = readFully(text, limits);
  holds(
    outline(quick.root) === outline(full.root) &&
      isDeepStrictEqual([quick.prolog, quick.epilog], [full.prolog, full.epilog]),
    `it is read as ${outline(quick.root)}\n---\n${outline(full.root)}`,
  );
}

const outline = (node: Node): string => JSON.stringify(contents(node));

function contents({ kind, name, attributes, text, start, end, children = [] }: Node): readonly unknown[] {
  return [kind, name, Object.entries(attributes), text, start, end, children.map(contents)];
}

/** Options of a case: which reading of the text is asked for, and how much of it. */
export interface Case {
  readonly text: string;
  readonly strict: boolean;
  readonly foreign: boolean;
  readonly limits: Partial<Limits>;
}

/** Throws `BrokenInvariant` with what does not hold. Returns whether any reader accepted the text. */
export function checkCase({ text, ...options }: Case): boolean {
  const limits: Limits = { ...defaultLimits, ...options.limits };
  let isAccepted = false;
  checkPlainReader(text, limits);
  for (const reader of readers) {
    const outcome = reader(text, options);
    const { model, findings } = outcome;
    checkFindings(text, findings);
    holds(
      (model === undefined) === findings.some(({ severity }) => severity === 'error'),
      'a model beside an error, or neither',
    );
    if (model === undefined) continue;
    isAccepted = true;
    checkLimits(text, limits);
    checkPlain(model);
    checkRoundTrip((written) => reader(written, { ...options, limits: writtenLimits }), outcome);
  }
  if (isAccepted) for (const kind of describedKinds) checkLibvirtForm(kind, text);
  holds(inherited() === untouched, 'a prototype was changed');
  return isAccepted;
}
