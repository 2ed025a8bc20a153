// From a tree to a model and its findings, by an element's tables.
// SPDX-License-Identifier: Apache-2.0
import type { Finding, FindingCode } from '../finding.js';
import { nearest } from '../nearest.js';
import { defaultLimits, type Limits, type Node, type Tree } from '../reader/node.js';
import { AttributeOffsets, LineIndex, Paths, shortened, writtenName } from '../reader/place.js';
import { readTree, trimBlanks, Unreadable } from '../reader/tree.js';
import {
  type AttributeEntry,
  type ChildEntry,
  type CompiledElement,
  compile,
  type Shape,
  type TextEntry,
} from '../schema/compile.js';
import type { AnyElement } from '../schema/declaration.js';
import type { Extra, Infer } from '../schema/infer.js';
import type { FaultDetails, ModelPath, Report } from '../schema/report.js';
import type { Scalar } from '../schema/scalar.js';
import { scaleSize, unitNames } from '../units.js';
import { escapeText } from './escape.js';

export interface ParseOptions {
  /** Name shown in findings. */
  readonly file?: string;
  /** What the schema does not know is an error, not a warning. */
  readonly strict?: boolean;
  /** For documents of other hypervisors: what does not fit is kept as it stands and reported as a warning. */
  readonly foreign?: boolean;
  readonly limits?: Partial<Limits>;
}

type Model = Record<string, unknown>;

/** Anchors of what stands before and after the root element. */
export const prologAnchor = '(prolog)';
export const epilogAnchor = '(epilog)';

const mostFindings = 200;

interface Draft extends FaultDetails {
  /** Which of all that were made it is. */
  readonly number: number;
  severity: 'error' | 'warning';
  readonly code: FindingCode;
  readonly message: string;
  readonly node: Node;
  readonly attribute: string | undefined;
}

/** Reads a document whose root is one of the elements; the model is absent when there is an error. */
export function parseElement<E extends AnyElement>(
  elements: readonly E[],
  text: string,
  options: ParseOptions = {},
): { model?: Infer<E>; element?: E; findings: Finding[] } {
  let tree: Tree;
  try {
    tree = readTree(text, { ...defaultLimits, ...options.limits });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { findings: [unreadable(error, text, options.file)] };
  }
  const { root } = tree;
  const conversion = new Conversion(text, options);
  const element = elements.find(({ name }) => name === root.name);
  if (element === undefined) {
    const names = elements.map(({ name }) => name);
    conversion.fault(
      'error',
      'wrong-root',
      root,
      undefined,
      `the document is a <${writtenName(text, root)}>`,
      {
        found: writtenName(text, root),
        expected: names.map((name) => `<${name}>`).join(', '),
        ...suggest(root.name, names),
      },
    );
    return { findings: conversion.findings() };
  }
  const model = conversion.convert(root, compile(element));
  const findings = conversion.findings();
  if (model === undefined || findings.some(({ severity }) => severity === 'error')) return { findings };
  const outside: Extra[] = [
    ...tree.prolog.map((xml) => ({ xml, before: prologAnchor })),
    ...tree.epilog.map((xml) => ({ xml, before: epilogAnchor })),
  ];
  if (outside.length > 0) model.extras = [...((model.extras as Extra[] | undefined) ?? []), ...outside];
  return { model: model as Infer<E>, element, findings };
}

function unreadable(error: Unreadable, text: string, file: string | undefined): Finding {
  const { code, message, offset } = error;
  const place = new LineIndex(text).place(offset);
  return { severity: 'error', code, message, path: '/', ...place, ...(file === undefined ? {} : { file }) };
}

function suggest(word: string, words: Iterable<string>): { suggestion?: string } {
  const suggestion = nearest(word, words);
  return suggestion === undefined ? {} : { suggestion };
}

const hint = (details: FaultDetails): string =>
  details.suggestion === undefined ? '' : `; did you mean '${details.suggestion}'?`;

class Conversion {
  private readonly drafts: Draft[] = [];
  private made = 0;
  private hasError = false;
  /** Faults that make an element unusable, counted even where they are only warnings. */
  private faults = 0;
  private readonly unknown: 'error' | 'warning';
  private readonly wrong: 'error' | 'warning';

  constructor(
    private readonly text: string,
    private readonly options: ParseOptions,
  ) {
    this.unknown = options.strict === true ? 'error' : 'warning';
    this.wrong = options.foreign === true ? 'warning' : 'error';
  }

  fault(
    severity: 'error' | 'warning',
    code: FindingCode,
    node: Node,
    attribute: string | undefined,
    message: string,
    details: FaultDetails = {},
  ): void {
    const number = ++this.made;
    if (this.isFull(severity)) return;
    if (this.drafts.length === mostFindings) this.drafts.pop();
    this.drafts.push({ number, severity, code, node, attribute, message, ...details });
    if (severity === 'error') this.hasError = true;
  }

  /** Nothing more of that severity is told: what would only be made for a finding need not be. */
  private isFull(severity: 'error' | 'warning'): boolean {
    return this.drafts.length >= mostFindings && (severity === 'warning' || this.hasError);
  }

  private suggest(word: string, words: Iterable<string>): { suggestion?: string } {
    return this.isFull('error') ? {} : suggest(word, words);
  }

  private invalid(
    code: FindingCode,
    node: Node,
    attribute: string | undefined,
    message: string,
    details: FaultDetails = {},
  ): void {
    this.faults++;
    this.fault('error', code, node, attribute, message, details);
  }

  /** In a foreign document a child with faults stands as it did: they become warnings, and its parent stays usable. */
  private forgive(faultsBefore: number, madeBefore: number): void {
    if (this.options.foreign !== true) return;
    this.faults = faultsBefore;
    for (let at = this.drafts.length - 1; at >= 0; at--) {
      const draft = this.drafts[at];
      if (draft === undefined || draft.number <= madeBefore) break;
      draft.severity = 'warning';
    }
    this.hasError = this.drafts.some(({ severity }) => severity === 'error');
  }

  findings(): Finding[] {
    if (this.drafts.length === 0) return [];
    const { text, options } = this;
    const lines = new LineIndex(text);
    const offsets = new AttributeOffsets(text);
    const paths = new Paths(text);
    const placed = this.drafts.map((draft) => {
      const { node, attribute } = draft;
      return {
        draft,
        offset: attribute === undefined ? node.start : offsets.of(node, attribute),
      };
    });
    placed.sort((a, b) => a.offset - b.offset);
    return placed.map(({ draft, offset }): Finding => {
      const { severity, code, message, node, attribute, number: _, ...details } = draft;
      return {
        severity,
        code,
        message: shortened(message, 1000),
        ...lines.place(offset),
        path: paths.of(node, attribute),
        ...(options.file === undefined ? {} : { file: options.file }),
        ...details,
        ...(details.found === undefined ? {} : { found: shortened(details.found) }),
      };
    });
  }

  /** Undefined when the element is unusable; the reason is then among the findings. */
  convert(node: Node, compiled: CompiledElement): Model | undefined {
    const faultsBefore = this.faults;
    if (compiled.legacy !== undefined && node.children !== undefined)
      this.rewriteLegacy(node, compiled.legacy);
    const model: Model = {};
    let shape = compiled.shape;
    const { choice } = compiled;
    if (choice !== undefined) {
      const given = node.attributes[choice.attribute];
      const variant = given ?? choice.fallback;
      shape = variant === undefined ? undefined : choice.shapes[variant];
      if (shape === undefined) {
        this.invalidChoice(node, choice.attribute, given, Object.keys(choice.shapes));
        return undefined;
      }
      model[choice.attribute] = variant;
    }
    if (shape === undefined) return undefined;
    const extras: Extra[] = [];
    this.readAttributes(node, shape, model, extras);
    if (node.children !== undefined) this.readChildren(node, shape, model, extras);
    if (shape.text !== undefined) {
      const value = this.read(shape.text.field.scalar, node.text, node, undefined);
      if (value !== undefined) model[shape.text.key] = value;
    }
    for (const entry of shape.mandatory)
      if (model[entry.key] === undefined) this.fill(node, shape, entry, model);
    if (extras.length > 0) model.extras = extras;
    if (this.faults > faultsBefore) return undefined;
    const completed =
      shape.complete === undefined ? model : (shape.complete as (model: Model) => Model)(model);
    if (shape.check !== undefined)
      (shape.check as (model: Model, report: Report) => void)(completed, this.reporter(node, compiled));
    return completed;
  }

  private invalidChoice(
    node: Node,
    attribute: string,
    given: string | undefined,
    known: readonly string[],
  ): void {
    const name = writtenName(this.text, node);
    const expected = `one of ${known.map((word) => `'${word}'`).join(', ')}`;
    if (given === undefined) {
      this.invalid('missing-attribute', node, undefined, `<${name}> needs the attribute '${attribute}'`, {
        expected,
      });
    } else {
      const found = shortened(given);
      const details = { found, expected, ...this.suggest(given, known) };
      this.invalid(
        'unknown-type',
        node,
        attribute,
        `unknown ${name} ${attribute} '${found}'${hint(details)}`,
        details,
      );
    }
  }

  private readAttributes(node: Node, shape: Shape, model: Model, extras: Extra[]): void {
    const { attributes } = node;
    for (const name in attributes) {
      const value = attributes[name] ?? '';
      const entry = shape.attributes[name];
      if (entry === undefined) {
        if (isNamespaceDeclaration(name)) {
          if (isRedundantDeclaration(node, shape, name, value)) continue;
        } else {
          this.unknownAttribute(node, name, Object.keys(shape.attributes));
        }
        extras.push({ attribute: name, value });
      } else if (entry.field === undefined) {
        // The unit is read with its size; one that belongs to none is kept.
        const { keys } = Object.values(shape.unitAfter).find((unit) => unit.name === name) ?? { keys: [] };
        const used = keys.some(
          (key) => attributes[shape.attributeOrder.find((e) => e.key === key)?.name ?? ''] !== undefined,
        );
        if (!used) extras.push({ attribute: name, value });
      } else {
        const read =
          entry.field.kind === 'attribute'
            ? this.read(entry.field.scalar, value, node, name)
            : this.readSize(
                value,
                attributes[entry.field.unitAttribute],
                entry.field,
                node,
                name,
                entry.field.unitAttribute,
              );
        if (read !== undefined) model[entry.key] = read;
      }
    }
  }

  private unknownAttribute(node: Node, name: string, known: readonly string[]): void {
    if (this.isFull(this.unknown)) return;
    const details = this.suggest(name, known);
    const found = shortened(name);
    const message = `unknown attribute '${found}' on <${writtenName(this.text, node)}>${hint(details)}`;
    const expected = known.length === 0 ? 'no attributes' : known.join(', ');
    this.fault(this.unknown, 'unknown-attribute', node, name, message, { found, expected, ...details });
  }

  private readChildren(node: Node, shape: Shape, model: Model, extras: Extra[]): void {
    /** Extras that wait for the known child they stand before. */
    let waiting: string[] | undefined;
    for (const childNode of node.children ?? []) {
      const entry = childNode.kind === 'element' ? shape.children[childNode.name] : undefined;
      let kept = entry === undefined;
      if (entry === undefined) {
        if (childNode.kind === 'text' && shape.text !== undefined) continue;
        this.reportUnknown(childNode, node, shape);
      } else {
        kept = !this.readChild(childNode, entry, model, extras);
      }
      if (kept && entry !== undefined && !isList(entry)) {
        // One that does not count stays behind the one that does, or the next reader would take it for that.
        for (const xml of waiting ?? []) extras.push(behind(entry, shape, xml));
        waiting = undefined;
        extras.push(behind(entry, shape, this.raw(childNode)));
      } else if (kept) {
        (waiting ??= []).push(this.raw(childNode));
      } else if (waiting !== undefined && entry !== undefined) {
        const list = isList(entry) ? (model[entry.key] as unknown[]) : undefined;
        const index = list === undefined ? undefined : list.length - 1;
        for (const xml of waiting)
          extras.push(index === undefined ? { xml, before: entry.key } : { xml, before: entry.key, index });
        waiting = undefined;
      }
    }
    if (waiting !== undefined) for (const xml of waiting) extras.push({ xml });
  }

  /** The child's XML as it stands; stray text loses the white space around it. */
  private raw(node: Node): string {
    return node.kind === 'text' ? escapeText(trimBlanks(node.text)) : this.text.slice(node.start, node.end);
  }

  private reportUnknown(childNode: Node, node: Node, shape: Shape): void {
    const isClosed = childNode.kind === 'element' && shape.element.body.isClosed === true;
    const severity = isClosed ? this.wrong : this.unknown;
    if (this.isFull(severity)) return;
    const parent = writtenName(this.text, node);
    if (childNode.kind === 'element') {
      const known = Object.keys(shape.children);
      const details = this.suggest(childNode.name, known);
      const name = writtenName(this.text, childNode);
      const expected = known.length === 0 ? 'no elements' : known.map((word) => `<${word}>`).join(', ');
      const message = `unknown element <${name}> in <${parent}>${hint(details)}`;
      this.fault(severity, 'unknown-element', childNode, undefined, message, {
        found: name,
        expected,
        ...details,
      });
    } else if (childNode.kind === 'text') {
      const found = childNode.text.trim().slice(0, 60);
      this.fault(
        severity,
        'unexpected-text',
        childNode,
        undefined,
        `text in <${parent}>, which holds only elements`,
        {
          found,
        },
      );
    }
  }

  /** False when the child is to be kept as it stands. */
  private readChild(childNode: Node, entry: ChildEntry, model: Model, extras: Extra[]): boolean {
    const { field, key } = entry;
    const faultsBefore = this.faults;
    const madeBefore = this.made;
    if (!isList(entry) && model[key] !== undefined) {
      this.invalid('duplicate-element', childNode, undefined, `<${entry.name}> stands a second time`, {
        expected: `one <${entry.name}>`,
      });
      this.forgive(faultsBefore, madeBefore);
      return false;
    }
    const extrasBefore = extras.length;
    const list = isList(entry) ? ((model[key] as unknown[] | undefined) ?? []) : undefined;
    const value =
      field.kind === 'child'
        ? this.convert(childNode, entry.element as CompiledElement)
        : field.kind === 'open'
          ? this.readOpen(childNode, entry, model, extras)
          : this.readValue(childNode, entry, list?.length, extras);
    if (value === undefined || this.faults > faultsBefore) {
      extras.length = extrasBefore;
      this.forgive(faultsBefore, madeBefore);
      return false;
    }
    if (field.kind === 'open' && (value as readonly string[]).length === 0 && hasLifted(entry, model))
      return true;
    if (list === undefined) {
      model[key] = value;
    } else {
      list.push(value);
      model[key] = list;
    }
    return true;
  }

  private readValue(node: Node, entry: ChildEntry, index: number | undefined, extras: Extra[]): unknown {
    const { field } = entry;
    if (field.kind !== 'value') return undefined;
    const { shape } = field;
    const own = shape.by === 'attribute' ? shape.attribute : shape.by === 'size' ? 'unit' : undefined;
    for (const name in node.attributes) {
      if (name === own) continue;
      if (!isNamespaceDeclaration(name)) this.unknownAttribute(node, name, own === undefined ? [] : [own]);
      extras.push({
        attribute: name,
        value: node.attributes[name] ?? '',
        of: entry.key,
        ...(index === undefined ? {} : { index }),
      });
    }
    const hasText = shape.by === 'text' || shape.by === 'size';
    for (const inner of node.children ?? noNodes) {
      if (inner.kind === 'text' && hasText) continue;
      if (inner.kind === 'element' || inner.kind === 'text') {
        const name = writtenName(this.text, inner);
        const code = inner.kind === 'element' ? 'unknown-element' : 'unexpected-text';
        this.fault(
          this.unknown,
          code,
          inner,
          undefined,
          `<${entry.name}> holds ${inner.kind === 'text' ? 'text' : `an element <${name}>`}`,
          {
            expected: hasText ? 'only text' : 'nothing inside',
          },
        );
      }
      extras.push({ xml: this.raw(inner), of: entry.key, ...(index === undefined ? {} : { index }) });
    }
    switch (shape.by) {
      case 'flag':
        return true;
      case 'text':
        return this.read(shape.scalar, node.text, node, undefined);
      case 'size':
        return this.readSize(node.text, node.attributes.unit, shape, node, undefined, 'unit');
      case 'attribute': {
        const given = node.attributes[shape.attribute];
        if (given !== undefined) return this.read(shape.scalar, given, node, shape.attribute);
        this.invalid(
          'missing-attribute',
          node,
          undefined,
          `<${entry.name}> needs the attribute '${shape.attribute}'`,
          {
            expected: shape.scalar.expected,
          },
        );
        return undefined;
      }
    }
  }

  private readOpen(node: Node, entry: ChildEntry, model: Model, extras: Extra[]): readonly string[] {
    const entries: string[] = [];
    for (const name in node.attributes)
      extras.push({ attribute: name, value: node.attributes[name] ?? '', of: entry.key });
    const children = node.children ?? noNodes;
    let before: Node | undefined;
    for (const inner of children) {
      const known = entry.lifted[inner.name];
      // The last of several counts, as what is kept as it stands is written first.
      const isCounted = known !== undefined && children.findLast(({ name }) => name === inner.name) === inner;
      const value = isCounted ? this.convertLifted(inner, known.element) : undefined;
      const lifted = known === undefined ? undefined : value?.[known.field.key];
      if (known === undefined || value === undefined || lifted === undefined) {
        if (known !== undefined && !isCounted)
          this.fault(
            'warning',
            'duplicate-element',
            inner,
            undefined,
            `<${inner.name}> follows again and counts`,
          );
        // Texts between which an element was taken out are one for the next reader.
        const text = inner.kind === 'text' && before?.kind === 'text' ? entries.pop() : undefined;
        entries.push(text === undefined ? this.raw(inner) : `${text} ${this.raw(inner)}`);
        before = inner;
      } else {
        model[known.key] = lifted;
        for (const extra of (value.extras as Extra[] | undefined) ?? [])
          extras.push({ ...extra, of: known.key });
      }
    }
    return entries;
  }

  private convertLifted(node: Node, compiled: CompiledElement): Model | undefined {
    const faultsBefore = this.faults;
    const madeBefore = this.made;
    const value = this.convert(node, compiled);
    if (value === undefined) this.forgive(faultsBefore, madeBefore);
    return value;
  }

  private read(scalar: Scalar<unknown>, value: string, node: Node, attribute: string | undefined): unknown {
    const result = scalar.parse(value);
    if (result !== undefined) return result;
    const { grammar, expected } = scalar;
    const isNumber = grammar.kind === 'integer' && /^\s*[+-]?\d+\s*$/.test(value);
    const name = writtenName(this.text, node);
    const where = attribute === undefined ? `<${name}>` : `'${attribute}' of <${name}>`;
    const found = shortened(value);
    const details = {
      found,
      expected,
      ...(grammar.kind === 'enum' ? this.suggest(value, grammar.values) : {}),
    };
    const message = `${where} is '${found}', expected ${expected}${hint(details)}`;
    this.invalid(isNumber ? 'out-of-range' : 'bad-value', node, attribute, message, details);
    return undefined;
  }

  private readSize(
    value: string,
    unit: string | undefined,
    { defaultUnit, unit: to }: { defaultUnit: string; unit: 'bytes' | 'KiB' },
    node: Node,
    attribute: string | undefined,
    unitAttribute: string,
  ): number | undefined {
    const result = scaleSize(value, unit ?? defaultUnit, to);
    if (typeof result === 'number') return result;
    const name = writtenName(this.text, node);
    const where = attribute === undefined ? `<${name}>` : `'${attribute}' of <${name}>`;
    const found = shortened(value);
    if (result === 'unit') {
      const details = {
        found: shortened(unit ?? ''),
        expected: `one of ${unitNames.join(', ')}`,
        ...this.suggest(unit ?? '', unitNames),
      };
      this.invalid(
        'bad-value',
        node,
        unitAttribute,
        `unknown unit '${details.found}' of <${name}>${hint(details)}`,
        details,
      );
    } else if (result === 'overflow') {
      const expected = `at most ${Number.MAX_SAFE_INTEGER} ${to}`;
      this.invalid(
        'out-of-range',
        node,
        attribute,
        `${where} is ${found} ${unit ?? defaultUnit}, ${expected}`,
        { found, expected },
      );
    } else {
      const expected = 'a whole number that is not negative';
      this.invalid('bad-value', node, attribute, `${where} is '${found}', expected ${expected}`, {
        found,
        expected,
      });
    }
    return undefined;
  }

  /** Supplies a default, or reports what is missing. */
  private fill(node: Node, shape: Shape, entry: AttributeEntry | ChildEntry | TextEntry, model: Model): void {
    const { field, key } = entry;
    if ('fallback' in field && field.fallback !== undefined) {
      const value = field.fallback(model);
      if (value !== undefined) {
        model[key] = value;
        return;
      }
    }
    const name = 'name' in entry ? entry.name : '';
    const isAttribute = 'name' in entry && shape.attributes[name] === entry;
    const stands = isAttribute
      ? node.attributes[name] !== undefined
      : node.children?.some((other) => other.name === name);
    // What stands there but could not be read was reported already, and maybe forgiven.
    if (stands === true && this.options.foreign !== true) return;
    const own = writtenName(this.text, node);
    if (isAttribute) {
      const expected = field.kind === 'attribute' ? field.scalar.expected : 'a size';
      this.invalid(
        missingCode(own, 'missing-attribute'),
        node,
        undefined,
        `<${own}> needs the attribute '${name}'`,
        {
          expected: `${name}='…', ${expected}`,
        },
      );
    } else if (name !== '') {
      this.invalid(missingCode(name, 'missing-element'), node, undefined, `<${own}> needs <${name}>`, {
        expected: `<${name}>`,
      });
    }
  }

  private rewriteLegacy(node: Node, table: NonNullable<CompiledElement['legacy']>): void {
    const { children } = node;
    if (children === undefined || !children.some((childNode) => table[childNode.name] !== undefined)) return;
    for (const childNode of [...children]) {
      const form = table[childNode.name]?.find(({ when }) => when === undefined || when(childNode));
      if (form === undefined) continue;
      const faultsBefore = this.faults;
      const madeBefore = this.made;
      if (form.moves !== true) this.convert(childNode, compile(form.element));
      if (this.faults === faultsBefore) form.rewrite(childNode, node);
      else if (this.options.foreign !== true) node.replaceChild(childNode);
      else this.forgive(faultsBefore, madeBefore);
    }
    node.settle();
  }

  private reporter(node: Node, compiled: CompiledElement): Report {
    const report = (severity: 'error' | 'warning') => {
      return (code: FindingCode, path: ModelPath, message: string, details: FaultDetails = {}): void => {
        if (severity === 'error' && this.wrong === 'error') this.faults++;
        if (this.isFull(severity)) return;
        const place = locate(node, compiled, path);
        this.fault(
          severity === 'error' ? this.wrong : 'warning',
          code,
          place.node,
          place.attribute,
          message,
          details,
        );
      };
    };
    return { error: report('error'), warning: report('warning') };
  }
}

const hasLifted = (entry: ChildEntry, model: Model): boolean =>
  Object.values(entry.lifted).some(({ key }) => model[key] !== undefined);

const isList = ({ field }: ChildEntry): boolean => field.kind !== 'open' && field.many;

/** What is to be written right after a known child: before the one that follows it, if one does. */
function behind(entry: ChildEntry, { childOrder }: Shape, xml: string): Extra {
  const next = childOrder[childOrder.indexOf(entry) + 1];
  return next === undefined ? { xml } : { xml, before: next.key };
}

const noNodes: readonly Node[] = [];

/** Devices without source or target have codes of their own, as they had errors of their own from the start. */
function missingCode(name: string, otherwise: 'missing-attribute' | 'missing-element'): FindingCode {
  return name === 'source' ? 'missing-source' : name === 'target' ? 'missing-target' : otherwise;
}

function isNamespaceDeclaration(name: string): boolean {
  return name.startsWith('xmlns') && (name.length === 5 || name[5] === ':');
}

/** The writer declares a known namespace by itself where the element that needs it stands. */
function isRedundantDeclaration(node: Node, shape: Shape, name: string, value: string): boolean {
  const matches = (namespace: AnyElement['body']['namespace']): boolean =>
    namespace !== undefined && name === `xmlns:${namespace.prefix}` && value === namespace.uri;
  const own = shape.element.body.namespace;
  if (own?.declares === true) return matches(own);
  return (
    node.children?.some((childNode) => {
      const field = shape.children[childNode.name]?.field;
      return field?.kind === 'child' && matches(field.element.body.namespace);
    }) ?? false
  );
}

function locate(node: Node, compiled: CompiledElement, path: ModelPath): { node: Node; attribute?: string } {
  let at = node;
  let tables = compiled;
  for (let i = 0; i < path.length; i++) {
    const key = path[i];
    if (typeof key !== 'string') continue;
    const variant = tables.choice && (at.attributes[tables.choice.attribute] ?? tables.choice.fallback);
    const shape = tables.shape ?? (variant === undefined ? undefined : tables.choice?.shapes[variant]);
    if (key === tables.choice?.attribute) return { node: at, attribute: key };
    const entry = shape?.entryOf[key];
    const lifted = shape?.fields[key];
    if (lifted?.kind === 'lifted') {
      const wrapper = at.child(lifted.from)?.child(lifted.element.name);
      return { node: pick(wrapper, undefined, path[i + 1]) ?? wrapper ?? at };
    }
    if (entry === undefined || !('name' in entry)) return { node: at };
    if (shape?.attributes[entry.name] === entry) {
      return at.attributes[entry.name] === undefined ? { node: at } : { node: at, attribute: entry.name };
    }
    const next = pick(at, entry.name, path[i + 1]);
    if (next === undefined) return { node: at };
    at = next;
    const { element } = entry as ChildEntry;
    if (element === undefined) return { node: at };
    tables = element;
  }
  return { node: at };
}

function pick(
  parent: Node | undefined,
  name: string | undefined,
  index: string | number | undefined,
): Node | undefined {
  const alike = parent?.children?.filter(
    (other) => other.kind === 'element' && (name === undefined || other.name === name),
  );
  return alike?.[typeof index === 'number' ? index : 0];
}
