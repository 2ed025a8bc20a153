// Checks a model as the parser would check its document, without writing and reading that.
// SPDX-License-Identifier: Apache-2.0
import { suggest } from '../convert/findings.js';
import { escapeAttribute, escapeText } from '../emit/escape.js';
import { XmlError } from '../errors.js';
import type { Finding, FindingCode } from '../finding.js';
import { defaultLimits, type Limits } from '../read/node.js';
import { shortened } from '../read/place.js';
import {
  type AttributeEntry,
  type ChildEntry,
  type CompiledElement,
  compile,
  type Shape,
  shapeOf,
  type TextEntry,
} from '../schema/compile.js';
import type { AnyElement } from '../schema/declaration.js';
import type { Infer } from '../schema/infer.js';
import { listOf, type Model, modelOf, piecesOf } from '../schema/model.js';
import type { FaultDetails, Report } from '../schema/report.js';
import type { Scalar } from '../schema/scalar.js';
import { Fragments } from './fragments.js';
import { stepsOf, xpathOf } from './model-path.js';

/** All that is wrong in a model; findings have paths of the canonical document, and no lines. */
export function checkElement<E extends AnyElement>(
  element: E,
  model: Infer<E>,
  limits: Limits = defaultLimits,
): Finding[] {
  const check = new Check(limits);
  check.element(compile(element), model, `/${element.name}`, '');
  return check.findings;
}

class Check {
  readonly findings: Finding[] = [];
  private errors = 0;
  private readonly fragments: Fragments;

  constructor(limits: Limits) {
    this.fragments = new Fragments(limits, (code, path, message) => this.error(code, path, message));
  }

  /** `scope` has the declarations of namespaces that what stands inside may use. */
  element(compiled: CompiledElement, given: Model, path: string, around: string): void {
    const errorsBefore = this.errors;
    const shape = shapeOf(compiled, given);
    if (shape === undefined) {
      this.choice(compiled, given, path);
      return;
    }
    const model = shape.complete === undefined ? given : shape.complete(given);
    const scope = around + declarations(shape, model);
    this.fragments.count(path);
    for (const entry of shape.attributeOrder) this.attribute(entry, model[entry.key], path);
    if (shape.text !== undefined && model[shape.text.key] !== undefined)
      this.scalar(shape.text.field.scalar, model[shape.text.key], path);
    for (const entry of shape.childOrder) this.children(entry, model, path, scope);
    for (const entry of shape.mandatory)
      if (model[entry.key] === undefined) this.missing(entry, shape, model, path);
    this.extras(shape, model, path, scope);
    if (this.errors > errorsBefore || shape.check === undefined) return;
    shape.check(model, this.reporter(compiled, model, path));
  }

  private error(code: FindingCode, path: string, message: string, details: FaultDetails = {}): void {
    this.errors++;
    this.tell('error', code, path, message, details);
  }

  private tell(
    severity: Finding['severity'],
    code: FindingCode,
    path: string,
    message: string,
    details: FaultDetails = {},
  ): void {
    this.findings.push({ severity, code, message, line: 0, column: 0, path, ...details });
  }

  private reporter(compiled: CompiledElement, model: Model, base: string): Report {
    const error: Report['error'] = (code, path, message, details) =>
      this.error(code, xpathOf(compiled, model, base, path), message, details);
    const warning: Report['warning'] = (code, path, message, details) =>
      this.tell('warning', code, xpathOf(compiled, model, base, path), message, details);
    return { error, refuse: error, warning };
  }

  private choice({ name, choice }: CompiledElement, model: Model, path: string): void {
    if (choice === undefined) return;
    const known = Object.keys(choice.shapes);
    const expected = `one of ${known.map((word) => `'${word}'`).join(', ')}`;
    const given = model[choice.attribute];
    if (given === undefined)
      this.error('missing-attribute', path, `<${name}> needs the attribute '${choice.attribute}'`, {
        expected,
      });
    else {
      const found = shortened(String(given));
      const details = { found, expected, ...suggest(found, known) };
      this.error(
        'unknown-type',
        `${path}/@${choice.attribute}`,
        `unknown ${name} ${choice.attribute} '${found}'`,
        details,
      );
    }
  }

  private attribute({ name, field }: AttributeEntry, value: unknown, path: string): void {
    if (value === undefined) return;
    if (field.kind === 'attribute') this.scalar(field.scalar, value, `${path}/@${name}`);
    else this.size(value, `${path}/@${name}`);
  }

  private scalar(scalar: Scalar<unknown>, value: unknown, path: string): void {
    const text = scalar.format(value);
    if (scalar.parse(text) === undefined) {
      const isNumber = scalar.grammar.kind === 'integer' && /^\s*[+-]?\d+\s*$/.test(text);
      const found = shortened(text);
      const { expected } = scalar;
      const message = `${path.split('/').at(-1)} is '${found}', expected ${expected}`;
      this.error(isNumber ? 'out-of-range' : 'bad-value', path, message, { found, expected });
    } else this.text(text, path);
  }

  /** Some characters cannot stand in XML. */
  private text(text: string, path: string): void {
    try {
      escapeText(text);
    } catch (cause) {
      if (!(cause instanceof XmlError)) throw cause;
      this.error('bad-value', path, cause.message);
    }
  }

  private size(value: unknown, path: string): void {
    if (Number.isSafeInteger(value) && Number(value) >= 0) return;
    const expected = 'a whole number that is not negative';
    this.error('bad-value', path, `${path.split('/').at(-1)} is '${String(value)}', expected ${expected}`, {
      found: String(value),
      expected,
    });
  }

  private children(entry: ChildEntry, model: Model, path: string, scope: string): void {
    const { field, name, element } = entry;
    const value = model[entry.key];
    if (field.kind === 'open') {
      this.fragments.check(piecesOf(value), `${path}/${name}`, scope);
      for (const { key, field: own, element: lifted } of Object.values(entry.lifted))
        if (model[key] !== undefined)
          this.element(lifted, { [own.key]: model[key] }, `${path}/${name}/${own.element.name}`, scope);
      return;
    }
    if (value === undefined) return;
    const list = field.many ? listOf(value) : [value];
    const steps = stepsOf(entry, list);
    for (const [index, one] of list.entries()) {
      const step = `${path}/${steps[index]}`;
      if (element !== undefined) this.element(element, modelOf(one), step, scope);
      else this.plain(entry, one, step);
    }
  }

  private plain({ field }: ChildEntry, value: unknown, path: string): void {
    if (field.kind !== 'value' || field.shape.by === 'flag') return;
    this.fragments.count(path);
    // Written as what says nothing.
    if (field.blankIsUnset === true && value === '') return;
    if (field.shape.by === 'size') this.size(value, path);
    else
      this.scalar(
        field.shape.scalar,
        value,
        field.shape.by === 'attribute' ? `${path}/@${field.shape.attribute}` : path,
      );
  }

  private missing(
    entry: AttributeEntry | ChildEntry | TextEntry,
    shape: Shape,
    model: Model,
    path: string,
  ): void {
    const { field } = entry;
    if ('fallback' in field && field.fallback?.(model) !== undefined) return;
    const own = shape.element.name;
    if (!('name' in entry)) return;
    const isAttribute = shape.attributes[entry.name] === entry;
    const special = { source: 'missing-source', target: 'missing-target' } as const;
    const name = isAttribute ? own : entry.name;
    const code =
      name === 'source' || name === 'target'
        ? special[name]
        : isAttribute
          ? 'missing-attribute'
          : 'missing-element';
    const message = isAttribute
      ? `<${own}> needs the attribute '${entry.name}'`
      : `<${own}> needs <${entry.name}>`;
    this.error(code, path, message);
  }

  /** What the schema does not know is as good as the XML it is. */
  private extras(shape: Shape, model: Model, path: string, scope: string): void {
    const extras = model.extras ?? [];
    this.fragments.check(
      extras.flatMap(({ xml }) => xml ?? []),
      path,
      scope,
    );
    for (const { attribute, value = '' } of extras) if (attribute !== undefined) this.text(value, path);
    const { isClosed, isClosedToAttributes } = shape.element.body;
    if (isClosedToAttributes === true)
      for (const { attribute, of } of extras)
        if (of === undefined && attribute !== undefined && !attribute.startsWith('xmlns'))
          this.error('unknown-attribute', path, `unknown attribute '${shortened(attribute)}'`);
    if (isClosed !== true) return;
    for (const { xml, of } of extras)
      if (of === undefined && xml !== undefined && /^<[^!?]/.test(xml))
        this.error('unknown-element', path, `unknown element ${shortened(xml)} in <${shape.element.name}>`);
  }
}

/** What the element declares for what stands in it, by itself and by what of it was kept. */
function declarations({ element, namespaceUses }: Shape, model: Model): string {
  const kept = (model.extras ?? []).filter(
    ({ attribute, of }) => of === undefined && attribute?.startsWith('xmlns') === true,
  );
  const own = [...namespaceUses.filter(({ key }) => model[key] !== undefined).map(({ uses }) => uses)];
  if (element.body.namespace !== undefined) own.push(element.body.namespace);
  return [
    ...own.map(({ prefix, uri }) => ` xmlns:${prefix}='${uri}'`),
    ...kept.map(({ attribute, value = '' }) => ` ${attribute}='${escapeAttribute(value)}'`),
  ].join('');
}
