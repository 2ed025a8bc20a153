// The grammars against the parser: what it writes validates, what it refuses they refuse, and one line changes them all.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
// biome-ignore lint/correctness/noUndeclaredDependencies: an oracle for tests; the repository's root has it
import { RelaxNGValidator, XmlDocument } from 'libxml2-wasm';
import { domain } from './domain/index.js';
import { emitDocs } from './emit/docs.js';
import { formatElement } from './emit/format.js';
import { emitJsonSchema } from './emit/json-schema.js';
import { parseElement } from './emit/parse.js';
import { emitRelaxNg } from './emit/relax-ng.js';
import {
  domainJsonSchema,
  domainReference,
  domainRelaxNg,
  explain,
  explainable,
  parseDomain,
} from './index.js';
import type { AnyElement, Fields } from './schema/declaration.js';
import { attribute, child, element, leaf } from './schema/element.js';
import { anyText, nonEmptyText, oneOf } from './schema/scalar.js';
import { elementsBeneath, fieldsOf, modelOf } from './testing/arbitrary.js';

function validator(grammar: string): (text: string) => boolean {
  using document = XmlDocument.fromString(grammar);
  const rng = RelaxNGValidator.fromDoc(document);
  return (text) => {
    using parsed = XmlDocument.fromString(text);
    try {
      rng.validate(parsed);
      return true;
    } catch {
      return false;
    }
  };
}

const accepts = validator(domainRelaxNg());

/** What a grammar cannot say: relations between values. */
const semantic = new Set([
  ...['no-root', 'duplicate-root', 'duplicate-target', 'soft-over-hard', 'barrier-over-limit', 'conflict'],
  ...['guarantee-over-maximum', 'bad-address', 'bad-prefix', 'overlapping-idmap'],
]);

const devices = {
  filesystems: [{ type: 'mount', accessmode: 'passthrough', source: { dir: '/r' }, target: { dir: '/' } }],
};

test('every generated domain that parses validates against the grammar', () => {
  fc.assert(
    fc.property(fieldsOf(domain.body.fields, { type: 'lxc', devices }), (model) => {
      const text = formatElement(domain, model as never);
      fc.pre(parseDomain(text).domain !== undefined);
      assert.ok(accepts(text), text);
    }),
    { numRuns: 40, endOnFailure: true },
  );
});

test('each element by itself validates against its own grammar', () => {
  for (const one of elementsBeneath(domain)) {
    if (one === domain || one.name.includes(':')) continue;
    const isValid = validator(emitRelaxNg(one));
    fc.assert(
      fc.property(modelOf(one), (model) => {
        const text = formatElement(one, model as never);
        assert.ok(isValid(text), text);
      }),
      { numRuns: 5, endOnFailure: true },
    );
  }
});

const seeds = [
  `<domain type='openvz'><name>105</name><uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid>
<filesystem><template>gentoo</template><quota level='first'>10737418240</quota><quota level='second' uid='500'>5368709120</quota></filesystem>
<profile>vps.basic</profile><devices><interface><ipaddress>192.168.1.105</ipaddress></interface></devices>
<nameserver>192.168.1.1</nameserver><hostname>fedora105</hostname></domain>`,
  `<domain type='lxc'><name>a</name><memory unit='MiB'>512</memory><vcpu cpuset='0-3,^2' current='1'>2</vcpu>
<memtune><hard_limit unit='G'>1</hard_limit></memtune><os><type arch='x86_64'>exe</type><init>/sbin/init</init><initarg>-v</initarg></os>
<idmap><uid start='0' target='1000' count='10'/></idmap><features><capabilities policy='deny'><mknod state='on'/></capabilities></features>
<devices><filesystem type='template'><source name='f'/><target dir='/'/><quota type='size' max='10'/><quota type='inodes' max='5'/></filesystem>
<filesystem type='ram'><source usage='10' units='MiB'/><target dir='/tmp'/><readonly/></filesystem>
<interface type='bridge'><mac address='52:54:00:12:34:56'/><source bridge='b'/><ip address='10.0.0.1' prefix='24'/></interface>
<console type='pty'><target type='lxc' port='0'/></console></devices></domain>`,
];

test('both seeds validate, and the grammar refuses each mutation that the strict parser refuses', () => {
  for (const seed of seeds) assert.ok(accepts(seed));
  /** Places where a letter, a digit, a name or a whole tag may be changed. */
  const mutations: readonly [RegExp, string][] = [
    [/[a-z]+(?==')/g, 'odd'],
    [/(?<=<\/?)[a-z_]+(?=[ >/])/g, 'odd'],
    [/(?<=')[a-z]+(?=')/g, 'odd'],
    [/(?<=[>'])\d+(?=[<'])/g, 'many'],
    [/(?<=[>'])\d+(?=[<'])/g, '-1'],
    [/<(?:source|target|name|mac|uid)\b[^>]*\/>/g, ''],
    [/(?<=<\w+) [a-z]+='[^']*'/g, ''],
  ];
  let refused = 0;
  for (const seed of seeds)
    for (const [pattern, replacement] of mutations)
      for (const { index, 0: found } of seed.matchAll(pattern)) {
        const text = seed.slice(0, index) + replacement + seed.slice(index + found.length);
        const errors = parseDomain(text, { strict: true }).findings.filter(
          ({ severity }) => severity === 'error',
        );
        if (errors.length === 0) continue;
        if (errors.some(({ code }) => code === 'syntax')) continue;
        refused++;
        const isMeaning = errors.every(({ code }) => semantic.has(code));
        if (!isMeaning) assert.equal(accepts(text), false, `${errors[0]?.message}: ${text}`);
      }
  assert.ok(refused > 100, String(refused));
});

test('the files in docs/reference/xml are what the schema says', () => {
  const folder = new URL('../../../docs/reference/xml/', import.meta.url);
  const files = new Map([
    ...domainReference(),
    ['domain.rng', domainRelaxNg()],
    ['domain.schema.json', `${JSON.stringify(domainJsonSchema(), null, 1)}\n`],
  ]);
  assert.deepEqual(readdirSync(folder).sort(), [...files.keys()].sort());
  for (const [name, text] of files) assert.equal(readFileSync(new URL(name, folder), 'utf8'), text, name);
});

test('an attribute added in one line is in parser, writer, grammar, JSON Schema and reference', () => {
  const before = { address: attribute(nonEmptyText, { doc: 'Where.', required: true }) } satisfies Fields;
  const after = {
    ...before,
    colour: attribute(oneOf('red', 'blue'), { doc: 'What it looks like.', since: '99' }),
  };
  const document = (fields: Fields): AnyElement =>
    element('thing', {
      doc: 'A thing.',
      fields: {
        part: child(element('part', { doc: 'A part.', fields })),
        note: leaf('note', anyText, { doc: 'A note.' }),
      },
    });
  const text = "<thing>\n  <part address='x' colour='red'/>\n</thing>\n";
  const [old, fresh] = [document(before), document(after)];
  const read = (one: AnyElement) => parseElement([one], text, { strict: true });
  assert.equal(read(old).findings[0]?.code, 'unknown-attribute');
  assert.deepEqual(read(fresh), {
    model: { part: { address: 'x', colour: 'red' } },
    element: fresh,
    findings: [],
  });
  assert.equal(formatElement(fresh, read(fresh).model as never), text);
  assert.deepEqual(
    [old, fresh].map((one) => validator(emitRelaxNg(one))(text)),
    [false, true],
  );
  assert.deepEqual(
    [old, fresh].map((one) => JSON.stringify(emitJsonSchema(one)).includes('"colour"')),
    [false, true],
  );
  assert.match(
    emitDocs(fresh).get('thing.md') ?? '',
    /`colour` \| one of 'red', 'blue' \| optional \| What it looks like\. Since libvirt 99\./,
  );
});

test('the type of a new attribute is inferred', () => {
  const part = element('part', { doc: '', fields: { colour: attribute(oneOf('red', 'blue'), { doc: '' }) } });
  const { model } = parseElement([part], "<part colour='red'/>");
  const colour: 'red' | 'blue' | undefined = model?.colour;
  assert.equal(colour, 'red');
});

test('explain finds elements and attributes by path', () => {
  assert.match(
    explain('devices/filesystem/quota') ?? '',
    /^# devices\/filesystem\/quota\n\nA limit on disk space/,
  );
  assert.match(explain('/domain/devices/filesystem[2]/@accessmode') ?? '', /^accessmode: /);
  assert.match(explain('vcpu') ?? '', /^# vcpu/);
  assert.equal(explain('devices/teapot'), undefined);
  assert.match(explain('devices/filesystem/@type') ?? '', /^type: .*\n.*`template`/);
  const all = explainable();
  assert.ok(all.includes('devices/filesystem/quota/@max') && all.includes('os/init'));
  for (const path of all) assert.ok(explain(path) !== undefined, path);
});
