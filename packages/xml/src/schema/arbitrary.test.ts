// For every element: whatever model the schema admits survives writing and reading, unknown parts included.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { domain } from '../domain/index.js';
import { formatElement } from '../emit/format.js';
import { parseElement } from '../emit/parse.js';
import type { AnyElement, Field, Fields, SlotField } from './declaration.js';
import type { Extra } from './infer.js';
import type { Scalar } from './scalar.js';

type Model = Record<string, unknown>;

const xmlText = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...'abz09/._- ') },
      {
        weight: 2,
        arbitrary: fc.constantFrom('<', '>', '&', "'", '"', ']]>', '\n', '\t', '\r', '--', 'é', '𝔛'),
      },
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

function scalarValue(scalar: Scalar<unknown>): fc.Arbitrary<unknown> {
  const { grammar } = scalar;
  switch (grammar.kind) {
    case 'text':
      return grammar.nonEmpty === true ? xmlText.filter((text) => text !== '') : xmlText;
    case 'enum':
      return fc.constantFrom(...grammar.values.map((value) => scalar.parse(value)));
    case 'integer':
      return fc.oneof(
        fc.integer({ min: Math.max(grammar.min, -5), max: Math.min(grammar.max, 5000) }),
        fc.constant(grammar.max),
      );
    case 'pattern':
      return fc.constantFrom(...grammar.examples.map((example) => scalar.parse(example)));
  }
}

function fieldValue(field: Field): fc.Arbitrary<unknown> | undefined {
  switch (field.kind) {
    case 'attribute':
      return field.fallback === undefined ? scalarValue(field.scalar) : undefined;
    case 'text':
      return scalarValue(field.scalar);
    case 'size-attribute':
      return fc.nat();
    case 'child':
      return field.many
        ? fc.array(modelOf(field.element), { minLength: 1, maxLength: 3 })
        : modelOf(field.element);
    case 'value': {
      const { shape } = field;
      const one =
        shape.by === 'flag' ? fc.constant(true) : shape.by === 'size' ? fc.nat() : scalarValue(shape.scalar);
      return field.many ? fc.array(one, { minLength: 1, maxLength: 3 }) : one;
    }
    case 'open':
      return fc.array(
        fc.constantFrom("<a:b xmlns:a='urn:a'>x</a:b>", '<!-- kept -->', '<c xmlns="urn:c"/>'),
        { minLength: 1, maxLength: 2 },
      );
    case 'lifted':
      return fc.array(
        modelOf((field.element.body.fields['parameters'] as unknown as { element: AnyElement }).element),
        {
          minLength: 1,
          maxLength: 2,
        },
      );
  }
}

function fieldsOf(fields: Fields, fixed: Model): fc.Arbitrary<Model> {
  const record: Record<string, fc.Arbitrary<unknown>> = {};
  const requiredKeys: string[] = [];
  const fallbacks: [string, (model: Model) => unknown][] = [];
  for (const [key, field] of Object.entries(fields) as [string, Field | SlotField][]) {
    if (field.kind === 'slot' || key in fixed) continue;
    const value = fieldValue(field);
    if (value === undefined) {
      if ('fallback' in field && field.fallback) fallbacks.push([key, field.fallback]);
      continue;
    }
    record[key] = value;
    if (field.presence === 'required') requiredKeys.push(key);
  }
  return fc.record(record, { requiredKeys }).map((made) => {
    const model: Model = { ...fixed, ...made };
    for (const [key, fallback] of fallbacks) model[key] = fallback(model);
    return model;
  });
}

const cache = new Map<AnyElement, fc.Arbitrary<Model>>();

/** Models of an element that its own checks accept. */
function modelOf(element: AnyElement): fc.Arbitrary<Model> {
  let models = cache.get(element);
  if (models === undefined) {
    const { choice, fields } = element.body;
    const any =
      choice === undefined
        ? fieldsOf(fields, {})
        : fc.oneof(
            ...Object.entries(choice.variants).map(([name, variant]) =>
              fieldsOf({ ...fields, ...variant.fields }, { [choice.by]: name }),
            ),
          );
    const complete = element.hooks.complete as ((model: Model) => Model) | undefined;
    models = any
      .map((model) => complete?.(model) ?? model)
      .filter((model) => parseElement([element], formatElement(element, model as never)).model !== undefined);
    cache.set(element, models);
  }
  return models;
}

/** Elements beneath one, each once, by name and parent. */
function elementsBeneath(element: AnyElement, found = new Set<AnyElement>()): Set<AnyElement> {
  if (found.has(element)) return found;
  found.add(element);
  const { choice, fields } = element.body;
  for (const all of [fields, ...Object.values(choice?.variants ?? {}).map((variant) => variant.fields)])
    for (const field of Object.values(all)) if (field.kind === 'child') elementsBeneath(field.element, found);
  return found;
}

const withRoot = (model: Model): Model => ({
  ...model,
  type: 'lxc',
  devices: {
    filesystems: [{ type: 'mount', accessmode: 'passthrough', source: { dir: '/r' }, target: { dir: '/' } }],
  },
});

test('each element: parse after format gives the same model', () => {
  for (const element of elementsBeneath(domain)) {
    if (element === domain || element.name.includes(':')) continue;
    fc.assert(
      fc.property(modelOf(element), (model) => {
        const text = formatElement(element, model as never);
        const { model: again, findings } = parseElement([element], text);
        assert.deepEqual(
          findings.filter(({ severity }) => severity === 'error'),
          [],
        );
        assert.deepEqual(again, model);
        assert.equal(formatElement(element, again as never), text);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  }
});

test('the domain: parse after format gives the same model', () => {
  const models = fieldsOf(domain.body.fields, withRoot({}));
  fc.assert(
    fc.property(models, (model) => {
      const text = formatElement(domain, model as never);
      const { model: again, findings } = parseElement([domain], text);
      fc.pre(findings.every(({ severity }) => severity === 'warning'));
      assert.deepEqual(again, { ...(again?.os === undefined ? {} : { os: again.os }), ...model });
      assert.equal(formatElement(domain, again as never), text);
    }),
    { numRuns: 50, endOnFailure: true },
  );
});

const extra: fc.Arbitrary<string> = fc.constantFrom(
  '<!-- a comment, <not> a tag -->',
  "<unknown a='1'>text<deep/></unknown>",
  "<x:y xmlns:x='urn:x' x:z='1'/>",
  '<?pi some data?>',
  'stray text',
  '<![CDATA[ <stray> ]]>',
);

test('unknown parts anywhere survive: write after parse is stable and loses nothing', () => {
  const lines = [
    "<domain type='lxc'>",
    '<name>a</name>',
    "<memory unit='MiB'>512</memory>",
    '<on_crash>destroy</on_crash>',
    '<devices>',
    "<filesystem type='mount'>",
    "<source dir='/a'/>",
    "<target dir='/'/>",
    '</filesystem>',
    "<interface type='ethernet'>",
    '</interface>',
    '</devices>',
    '</domain>',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: lines.length - 2 }), extra), { maxLength: 6 }),
      (insertions) => {
        const out = lines.map((line, index) => [
          line,
          ...insertions.filter(([at]) => at === index).map(([, xml]) => xml),
        ]);
        const first = parseElement([domain], out.flat().join('\n'));
        assert.deepEqual(
          first.findings.filter(({ severity }) => severity === 'error'),
          [],
        );
        assert.ok(first.model);
        const written = formatElement(domain, first.model);
        for (const [, xml] of insertions) {
          if (xml.startsWith('<!--') || xml.startsWith('<un') || xml.startsWith('<x'))
            assert.ok(written.includes(xml), written);
          if (xml.includes('stray')) assert.ok(written.includes('stray'));
        }
        const second = parseElement([domain], written);
        assert.deepEqual(keepXml(second.model), keepXml(first.model));
        assert.equal(formatElement(domain, second.model as never), written);
      },
    ),
    { numRuns: 300, endOnFailure: true },
  );
});

/** Stray texts that stood apart may become neighbours; what counts is that each is there. */
function keepXml(model: unknown): unknown {
  const extras = (model as { extras?: readonly Extra[] } | undefined)?.extras ?? [];
  return extras.filter(({ xml }) => xml?.startsWith('<') ?? true);
}
