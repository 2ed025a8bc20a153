// For every element: whatever model the schema admits survives writing and reading, unknown parts included.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseElement } from '../convert/parse.js';
import { domain } from '../domain/index.js';
import { formatElement } from '../emit/format.js';
import { elementsBeneath, fieldsOf, type Model, modelOf } from '../testing/arbitrary.js';
import type { Extra } from './model.js';

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
