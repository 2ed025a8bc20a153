// The emitted grammar against the parser: random models validate, and of broken documents both think the same.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseElement } from '../convert/parse.js';
import { domain } from '../domain/index.js';
import { domainRelaxNg, type FindingCode, parseDomain } from '../index.js';
import { network } from '../network/index.js';
import { nwfilter } from '../nwfilter/index.js';
import type { AnyElement } from '../schema/declaration.js';
import { elementsBeneath, fieldsOf, modelOf } from '../testing/arbitrary.js';
import { grammarOracle } from '../testing/grammar-oracle.js';
import { formatElement } from './format.js';
import { emitRelaxNg } from './relax-ng.js';

/** What the parser refuses and a grammar cannot: the reason for each code. */
const beyondGrammar: Readonly<Partial<Record<FindingCode, string>>> = {
  'no-root': 'one of several elements of a name must hold a certain value',
  'duplicate-root': 'equal values in two elements',
  'duplicate-target': 'equal values in two elements',
  'soft-over-hard': 'one number against another',
  'barrier-over-limit': 'one number against another',
  'guarantee-over-maximum': 'one number against another',
  'bad-address': 'which digits make an address, and of which family; no bits beyond the prefix',
  'bad-prefix': 'a bound that follows from the family of the address',
  'overlapping-idmap': 'ranges of numbers against each other',
  'outside-subnet': 'one address against another',
  'taken-twice': 'equal values in two elements',
  conflict: 'statements that exclude each other by their values',
};

/** The same, where only some findings of a code are beyond a grammar. */
const partlyBeyond: readonly (readonly [code: FindingCode, message: RegExp, reason: string])[] = [
  [
    'out-of-range',
    /expected at most \d+ (?:bytes|KiB)|, at most \d+ (?:bytes|KiB)/,
    'a number times its unit',
  ],
  ['out-of-range', /memory size must be specified/, 'what one type of domain lacks'],
  ['bad-value', /no architecture that/, 'a list that grows with libvirt'],
  ['out-of-range', /in use than there may be|beyond the last id/, 'one number against another'],
  ['out-of-range', /microseconds from 1000/, 'a range with a gap'],
  ['bad-value', /expected a whole number or 'unlimited'/, 'nineteen digits that no double holds'],
  [
    'missing-attribute',
    /'average' or 'floor'|has no value/,
    'one of two attributes, depending on the others',
  ],
  [
    'missing-attribute',
    /'(?:mac|id|addr)' or '|<virtualport> needs the attribute 'type'/,
    'one of two attributes, or one that depends on where the element stands',
  ],
  [
    'missing-element',
    /<vlan> needs a <tag>|<host> needs a <hostname>/,
    'written liberally: an empty list is no grammar error',
  ],
  ['missing-element', /of mode '\w+' needs an <ip>/, 'needed with some values of an attribute'],
  [
    'bad-value',
    /or a variable such as \$IP/,
    'which digits make an address or a mask, and the bounds of a number',
  ],
  ['bad-value', /expected a number, 0 to/, 'a bound of a number in one of three bases'],
  [
    'out-of-range',
    /id(?:version)? is \d+, at most|a lease of|a burst of|too many addresses|more than 65536 addresses/,
    'a bound of a number in one of three bases, or with its unit, or of two numbers',
  ],
  ['missing-source', /<disk> needs <source>/, 'needed unless the device is a drive'],
];

function isBeyondGrammar({ code, message }: { readonly code: string; readonly message: string }): boolean {
  if (beyondGrammar[code as FindingCode] !== undefined) return true;
  return partlyBeyond.some(([partly, pattern]) => partly === code && pattern.test(message));
}

const elements = [domain, network, nwfilter]
  .flatMap((root) => [...elementsBeneath(root)])
  .filter((one) => one !== domain && !one.name.includes(':'));
const root = { type: 'mount', accessmode: 'passthrough', source: { dir: '/r' }, target: { dir: '/' } };
const domains = fieldsOf(domain.body.fields, { type: 'lxc', devices: { filesystems: [root] } });

test('every random domain that parses validates', () => {
  const refusal = grammarOracle(domainRelaxNg());
  fc.assert(
    fc.property(domains, (model) => {
      const text = formatElement(domain, model as never);
      fc.pre(parseDomain(text).domain !== undefined);
      assert.equal(refusal(text), undefined, text);
    }),
    { numRuns: 40, endOnFailure: true },
  );
});

test('random models of each element validate against its own grammar', () => {
  for (const one of elements) {
    const refusal = grammarOracle(emitRelaxNg(one));
    fc.assert(
      fc.property(modelOf(one), (model) => {
        const text = formatElement(one, model as never);
        assert.equal(refusal(text), undefined, text);
      }),
      { numRuns: 5, endOnFailure: true },
    );
  }
});

/** Ways to break a document at one place: what is looked for, and what it becomes. */
const mutations: readonly (readonly [place: RegExp, broken: string | ((found: string) => string)])[] = [
  [/(?<=<[a-z_:]+(?: [a-zA-Z_]+='[^']*')* )[a-zA-Z_]+(?==')/g, 'odd'],
  [/(?<=<\/?)[a-z_]+(?=[ >/])/g, 'odd'],
  [/(?<==')[^']*(?=')/g, 'odd'],
  [/(?<==')[^']*(?=')/g, ''],
  [/(?<==')[^']*(?=')/g, (found) => `${found}0`],
  [/(?<==')\d+(?=')/g, '-7'],
  [/(?<==')\d+(?=')/g, '99999999999999999999'],
  [/(?<=>)[^<>\s][^<>]*(?=<\/)/g, 'odd'],
  [/(?<=>)\d+(?=<\/)/g, '-7'],
  [/(?<=>)\d+(?=<\/)/g, '99999999999999999999'],
  [/(?<=>)[^<>\s][^<>]*(?=<\/)/g, ''],
  [/ [a-zA-Z_]+='[^']*'/g, ''],
  [/ [a-zA-Z_]+=(?='[^']*')/g, (found) => ` odd='1'${found}`],
  [/<[a-z_]+(?: [a-zA-Z_]+='[^']*')*\/>/g, ''],
  [/<[a-z_]+(?: [a-zA-Z_]+='[^']*')*\/>/g, (found) => found + found],
  [/<([a-z_]+)(?: [a-zA-Z_]+='[^']*')*>[^<]*<\/\1>/g, ''],
  [/<([a-z_]+)(?: [a-zA-Z_]+='[^']*')*>[^<]*<\/\1>/g, (found) => found + found],
  [/(?<=\/>\n)/g, '<odd/>'],
  [/(?<=\/>\n)/g, 'stray'],
];

function mutate(text: string, which: number, where: number): string | undefined {
  const [pattern, broken] = mutations[which % mutations.length] as (typeof mutations)[number];
  const places = [...text.matchAll(pattern)];
  const place = places[where % Math.max(places.length, 1)];
  if (place === undefined) return undefined;
  const [found] = place;
  const put = typeof broken === 'string' ? broken : broken(found);
  const mutated = text.slice(0, place.index) + put + text.slice(place.index + found.length);
  return mutated === text ? undefined : mutated;
}

test('of a mutated document parser and grammar think the same, but for what no grammar can say', () => {
  let refused = 0;
  let accepted = 0;
  const compare = (one: AnyElement, text: string, refusal: (text: string) => string | undefined): void => {
    const { findings } = parseElement([one], text, { strict: true });
    const errors = findings.filter(({ severity }) => severity === 'error');
    if (errors.some(({ code }) => code === 'syntax')) return;
    if (errors.length === 0) {
      accepted++;
      assert.equal(refusal(text), undefined, `the parser accepts ${text}`);
    } else if (!errors.every(isBeyondGrammar)) {
      refused++;
      assert.notEqual(refusal(text), undefined, `the grammar accepts ${text}\n${errors[0]?.message}`);
    }
  };
  const run = (one: AnyElement, models: fc.Arbitrary<unknown>, numRuns: number): void => {
    const refusal = grammarOracle(emitRelaxNg(one));
    fc.assert(
      fc.property(models, fc.nat(), fc.nat(), (model, which, where) => {
        const written = formatElement(one, model as never);
        for (let i = 0; i < mutations.length; i++) {
          const text = mutate(written, which + i, where);
          if (text !== undefined) compare(one, text, refusal);
        }
      }),
      { numRuns, endOnFailure: true },
    );
  };
  for (const one of elements) run(one, modelOf(one), 3);
  run(domain, domains, 10);
  assert.ok(refused > 500, `${refused} refused`);
  assert.ok(accepted > 500, `${accepted} accepted`);
});
