// What follows from the schema: the files kept in the repository, entries by path, and one line that changes them all.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseElement } from './convert/parse.js';
import { domain } from './domain/index.js';
import { emitDocs } from './emit/docs.js';
import { explainPath } from './emit/explain.js';
import { formatElement } from './emit/format.js';
import { emitJsonSchema } from './emit/json-schema.js';
import { emitRelaxNg } from './emit/relax-ng.js';
import {
  documentRelaxNg,
  explain,
  explainable,
  explainDomain,
  possibleInDomain,
  xmlReference,
} from './index.js';
import { network } from './network/index.js';
import { nwfilter } from './nwfilter/index.js';
import type { AnyElement, Fields } from './schema/declaration.js';
import { attribute, child, element } from './schema/element.js';
import type { Infer } from './schema/infer.js';
import { nonEmptyText, oneOf } from './schema/scalar.js';
import { elementsBeneath } from './testing/arbitrary.js';
import { grammarOracle } from './testing/grammar-oracle.js';

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

test('both seeds validate', () => {
  const refusal = grammarOracle(documentRelaxNg('domain'));
  for (const seed of seeds) assert.equal(refusal(seed), undefined);
});

test('the files in docs/reference/xml are what the schema says', () => {
  const folder = new URL('../../../docs/reference/xml/', import.meta.url);
  const files = xmlReference();
  assert.deepEqual(readdirSync(folder).sort(), [...files.keys()].sort());
  for (const [name, text] of files) assert.equal(readFileSync(new URL(name, folder), 'utf8'), text, name);
});

/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;

test('an attribute added in one line is in type, parser, writer, grammar, JSON Schema and reference', () => {
  const before = { address: attribute(nonEmptyText, { doc: 'Where.', required: true }) };
  const after = {
    ...before,
    colour: attribute(oneOf('red', 'blue'), { doc: 'What it looks like.', since: '99' }),
  };
  const thing = <const F extends Fields>(fields: F) =>
    element('thing', {
      doc: 'A thing.',
      fields: { part: child(element('part', { doc: 'A part.', fields })) },
    });
  const [old, fresh] = [thing(before), thing(after)];

  // Type: the field is there, optional and of its two words, and nowhere else.
  type Part<E extends AnyElement> = Omit<NonNullable<Infer<E>['part' & keyof Infer<E>]>, 'extras'>;
  const isTyped: [
    Same<Part<typeof old>, { readonly address: string }>,
    Same<Part<typeof fresh>, { readonly address: string; readonly colour?: 'red' | 'blue' | undefined }>,
  ] = [true, true];
  assert.ok(isTyped);
  // @ts-expect-error: a word that is not in the list
  const wrong: Infer<typeof fresh> = { part: { address: 'x', colour: 'green' } };
  assert.ok(wrong);

  const text = "<thing>\n  <part address='x' colour='red'/>\n</thing>\n";
  const read = <E extends AnyElement>(one: E) => parseElement([one], text, { strict: true });
  assert.equal(read(old).findings[0]?.code, 'unknown-attribute');
  const { model } = read(fresh);
  assert.deepEqual(model, { part: { address: 'x', colour: 'red' } });
  const colour: 'red' | 'blue' | undefined = model?.part?.colour;
  assert.equal(colour, 'red');
  assert.equal(formatElement(fresh, { part: { address: 'x', colour: 'red' } }), text);
  assert.notEqual(grammarOracle(emitRelaxNg(old))(text), undefined);
  assert.equal(grammarOracle(emitRelaxNg(fresh))(text), undefined);
  assert.equal(JSON.stringify(emitJsonSchema(old)).includes('"colour"'), false);
  assert.match(JSON.stringify(emitJsonSchema(fresh)), /"colour":\{[^}]*"enum":\["red","blue"\]/);
  assert.doesNotMatch(emitDocs(old).get('thing.md') ?? '', /colour/);
  assert.match(
    emitDocs(fresh).get('thing.md') ?? '',
    /`colour` \| one of 'red', 'blue' \| optional \| What it looks like\. Since libvirt 99\./,
  );
  assert.match(explainPath(fresh, 'part/@colour') ?? '', /^colour: What it looks like/);
});

test('every page has an example, and every example is understood by parser and grammar', () => {
  for (const [name, page] of xmlReference())
    if (name.endsWith('.md') && name !== 'README.md') assert.match(page, /^```xml\n</m, name);
  const withExamples = [domain, network, nwfilter]
    .flatMap((root) => [...elementsBeneath(root)])
    .filter(({ body }) => body.example !== undefined);
  assert.ok(withExamples.length > 50);
  for (const one of withExamples) {
    const example = one.body.example ?? '';
    if (/^(?:lxc|dnsmasq):|^ctvirt:parameter$/.test(one.name)) continue;
    const { model, findings } = parseElement([one], example, { strict: true });
    assert.ok(model !== undefined, JSON.stringify(findings));
    assert.equal(grammarOracle(emitRelaxNg(one))(example), undefined, example);
  }
});

test('explain finds elements and attributes by path', () => {
  assert.match(
    explain('devices/filesystem/quota') ?? '',
    /^devices\/filesystem\/quota\n\nA limit on disk space/,
  );
  assert.match(explain('/domain/devices/filesystem[2]/@accessmode') ?? '', /^accessmode: /);
  assert.match(explain('vcpu') ?? '', /^vcpu\n/);
  assert.equal(explain('devices/teapot'), undefined);
  assert.match(explain('devices/filesystem/@type') ?? '', /^type: .*\n.*one of mount, template,/);
  assert.match(explain('network/forward') ?? '', /^network\/forward|^forward/);
  assert.match(explain('/network/ip[2]/dhcp/host/@mac') ?? '', /^mac: /);
  const all = explainable();
  assert.ok(
    all.includes('devices/filesystem/quota/@max') &&
      all.includes('os/init') &&
      all.includes('network/ip/dhcp'),
  );
  for (const path of all) {
    const text = explain(path) ?? '';
    assert.match(text, /\S/, path);
    assert.doesNotMatch(text, /`|^#|^\||In the model/m, path);
  }
});

test('what may stand in a place is what has an entry there, with its values', () => {
  const paths = explainable();
  for (const path of ['', 'devices', 'devices/filesystem', 'os/type', 'vcpu']) {
    const below = path === '' ? '' : `${path}/`;
    for (const { name, isAttribute, doc } of possibleInDomain(path)) {
      assert.notEqual(doc, '');
      assert.equal(explainDomain(`${below}${name}`), explain(`${below}${name}`));
      if (name !== '<text>')
        assert.ok(paths.includes(`${below}${isAttribute ? '@' : ''}${name}`), `${below}${name}`);
    }
  }
  const values = (path: string, wanted: string) =>
    possibleInDomain(path).find(({ name }) => name === wanted)?.values;
  assert.deepEqual(values('devices/filesystem', 'accessmode'), ['passthrough', 'mapped', 'squash']);
  assert.deepEqual(values('devices/filesystem', 'type')?.slice(0, 2), ['mount', 'template']);
  assert.deepEqual(values('os/type', '<text>')?.[0], 'exe');
  assert.deepEqual(possibleInDomain('devices/nosuch'), []);
});
