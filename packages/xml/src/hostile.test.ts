// What the fuzz target found, and other documents made to do harm.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDomain, parseDevice, parseDomain, parseDomainOrThrow, writtenLimits } from './index.js';

const container = (inside: string, devices = ''): string =>
  `<domain type='lxc'><name>a</name>${inside}<devices>
<filesystem><source dir='/r'/><target dir='/'/></filesystem>${devices}</devices></domain>`;

test('a foreign document without a usable root element has an error', () => {
  const { device, findings } = parseDevice("<filesystem type='alien'/>", { foreign: true });
  assert.equal(device, undefined);
  assert.deepEqual(
    findings.map(({ severity, code }) => [severity, code]),
    [['error', 'unknown-type']],
  );
});

test('what misses a part that is foreign itself is kept as a whole', () => {
  const { domain, findings } = parseDomain(container("<os><type arch='x'>alien</type></os>"), {
    foreign: true,
  });
  assert.ok(domain);
  assert.deepEqual(domain.extras, [{ xml: "<os><type arch='x'>alien</type></os>", before: 'hostname' }]);
  assert.ok(findings.every(({ severity }) => severity === 'warning'));
});

test('an element that is kept because it stands a second time stays behind the first', () => {
  const second = '8509a1d4-1569-4467-8b37-4e433a1ac7b2';
  const text = container(
    `<uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid><os><type>exe</type></os><uuid>${second}</uuid>`,
  );
  const { domain } = parseDomain(text, { foreign: true });
  assert.ok(domain);
  const written = formatDomain(domain);
  assert.match(written, new RegExp(`b1</uuid>\n  <uuid>${second}</uuid>`));
  const again = parseDomain(written, { foreign: true });
  assert.equal(again.domain?.uuid, '8509a1d4-1569-4467-8b37-4e433a1ac7b1');
  assert.equal(formatDomain(again.domain), written);
});

test('what stands between elements that do not count stays between them', () => {
  const alien = "<os><type arch='x'>alien</type></os>";
  const { domain } = parseDomain(container(`${alien}<!-- between -->${alien}`), { foreign: true });
  assert.ok(domain);
  const written = formatDomain(domain);
  assert.match(written, /<\/os>\n {2}<!-- between -->\n {2}<os>/);
  const again = parseDomain(written, { foreign: true });
  assert.ok(again.domain);
  assert.equal(formatDomain(again.domain), written);
});

test('of two lists of beancounters the last counts, and it stays the last', () => {
  const list = (name: string) =>
    `<c:beancounters xmlns:c='urn:ctvirt:beancounters:1'><c:parameter name='${name}' value='1'/></c:beancounters>`;
  const { domain, findings } = parseDomain(container(`<metadata>${list('first')}${list('last')}</metadata>`));
  assert.deepEqual(domain?.beancounters, [{ name: 'last', value: '1' }]);
  assert.deepEqual(domain?.metadata, [list('first')]);
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['duplicate-element'],
  );
  assert.deepEqual(parseDomainOrThrow(formatDomain(domain)), domain);
});

test('stray text that is blank to JavaScript, but not to XML, is kept', () => {
  const domain = parseDomainOrThrow(container('\uFEFF'));
  assert.deepEqual(domain.extras, [{ xml: '\uFEFF', before: 'devices' }]);
  assert.deepEqual(parseDomainOrThrow(formatDomain(domain)), domain);
});

test('half of a surrogate pair at the end is a fault of the text', () => {
  const { domain, findings } = parseDomain('<?x\r\n\ud800');
  assert.equal(domain, undefined);
  assert.deepEqual(
    findings.map(({ code, line }) => [code, line]),
    [['syntax', 2]],
  );
});

const many = (count: number, piece: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => piece(index)).join('');
const long = 'n'.repeat(20_000);

/** Each grows with its number; none may cost more than in proportion. */
const growing: Readonly<Record<string, (n: number) => string>> = {
  'unknown elements': (n) => container('<memori/>'.repeat(n)),
  'elements that stand again': (n) => container('<memory>1</memory>'.repeat(n)),
  'targets that stand again': (n) =>
    container('', "<filesystem><source dir='/r'/><target dir='/'/></filesystem>".repeat(n)),
  'old name servers': (n) => container('<nameserver>1.2.3.4</nameserver>'.repeat(n)),
  'old addresses': (n) =>
    container('', `<interface>${'<ipaddress>1.2.3.4</ipaddress>'.repeat(n)}</interface>`),
  'ranges of ids': (n) =>
    container(`<idmap>${many(n, (i) => `<uid start='${i}' target='${i}' count='1'/>`)}</idmap>`),
  'ranges of ids that overlap': (n) =>
    container(`<idmap>${many(n, (i) => `<uid start='${i}' target='${n - i}' count='${n}'/>`)}</idmap>`),
  'comments between devices': (n) =>
    container(
      '',
      many(n, (i) => `<!-- --><filesystem><source dir='/r'/><target dir='/${i}x'/></filesystem>`),
    ),
  'comments within values': (n) => container(`<os><type>exe</type>${'<initarg a="1"/>'.repeat(n)}</os>`),
  'declared prefixes': (n) =>
    container(
      `<a ${many(400, (i) => `xmlns:p${i}='u'`)}>${"<b xmlns:q='u'/>".repeat(n)}</a>`.replaceAll("'x", "' x"),
    ),
};

test('what documents cost grows with their size and no faster', () => {
  const cost = (text: string): number => {
    const began = process.cpuUsage();
    const { domain } = parseDomain(text);
    if (domain !== undefined) formatDomain(domain, { libvirt: formatDomain(domain) === '' });
    return process.cpuUsage(began).user / 1000;
  };
  for (const [what, document] of Object.entries(growing)) {
    const [small, large] = [document(1000), document(16_000)];
    cost(small);
    // The least of several: what is compiled on the way counts too. Quadratic cost would be 256 times.
    const least = (text: string) => Math.min(cost(text), cost(text), cost(text));
    const [base, grown] = [least(small), least(large)];
    assert.ok(grown < 80 * base + 50, `${what}: ${grown} ms for 16 times what takes ${base} ms`);
  }
});

test('findings do not repeat what is long', () => {
  const nested = `<${long}>`.repeat(20) + `</${long}>`.repeat(20);
  const attributes = many(50, (i) => `${long}${i}='1' `);
  const text = container(`${nested}<os ${attributes}><type arch='${long}'>${long}</type></os>`).repeat(1);
  const { findings } = parseDomain(text, { strict: true });
  assert.ok(findings.length > 50);
  for (const finding of findings) assert.ok(JSON.stringify(finding).length < 5000, finding.code);
  for (const unreadable of [
    `<${long}>`,
    `<a ${long}='1' ${long}='2'/>`,
    `<${long}:a/>`,
    `<a xmlns:${long}=''/>`,
  ]) {
    const [finding] = parseDomain(unreadable).findings;
    assert.ok(JSON.stringify(finding).length < 1000, finding?.code);
  }
});

test('a document at its limits can be read again when it has been written', () => {
  const deep = '<x>'.repeat(60) + '</x>'.repeat(60);
  const wide = many(511, (i) => `a${i}='1' `);
  // In the short forms of 2007, which the canonical one makes deeper and wider.
  const text = `<domain type='openvz'><name>a</name><filesystem ${wide}><template>t</template>${deep}</filesystem></domain>`;
  const written = formatDomain(parseDomainOrThrow(text));
  assert.ok(parseDomain(written).domain === undefined, 'it is over the limits of what others write');
  assert.equal(formatDomain(parseDomainOrThrow(written, { limits: writtenLimits })), written);
});

test('texts in metadata become one when what stood between them is taken out', () => {
  const counters =
    "<c:beancounters xmlns:c='urn:ctvirt:beancounters:1'><c:parameter name='numproc' value='1'/></c:beancounters>";
  const domain = parseDomainOrThrow(container(`<metadata>a${counters}b<x/>c</metadata>`));
  assert.deepEqual(domain.metadata, ['a b', '<x/>', 'c']);
  const again = parseDomainOrThrow(formatDomain(domain));
  assert.deepEqual(again.metadata, domain.metadata);
});

test('a CDATA section is one text with what stands around it', () => {
  const domain = parseDomainOrThrow(container('<metadata>\n  a<![CDATA[<&]]>b</metadata>'));
  assert.equal(domain.metadata?.length, 1);
  assert.deepEqual(parseDomainOrThrow(formatDomain(domain)), domain);
});
