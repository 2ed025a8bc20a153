// A model is checked as its document is: the same errors, at the same places.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Domain, domain } from '../domain/index.js';
import {
  checkDomain,
  type Finding,
  formatDomain,
  parseDomain,
  parseDomainOrThrow,
  XmlError,
} from '../index.js';
import { type Model, modelOf } from '../testing/arbitrary.js';

const errorsOf = (findings: readonly Finding[]): string[] =>
  findings
    .filter(({ severity }) => severity === 'error')
    .map(({ code, path }) => `${code} ${path}`)
    .sort();

/** What reading says of it; undefined where it cannot even be written. */
function read(model: Domain): readonly Finding[] | undefined {
  try {
    return parseDomain(formatDomain(model)).findings;
  } catch (error) {
    // A variant that there is none of cannot be written.
    if (error instanceof XmlError || error instanceof TypeError) return undefined;
    throw error;
  }
}

test('what can be read again has no error', () => {
  fc.assert(
    fc.property(modelOf(domain), (model) => {
      assert.deepEqual(errorsOf(checkDomain(model as never)), []);
    }),
    { numRuns: 40, endOnFailure: true },
  );
});

type Leaf = readonly [holder: Model, key: string];

function* leavesOf(model: unknown): Iterable<Leaf> {
  if (typeof model !== 'object' || model === null) return;
  for (const [key, value] of Object.entries(model)) {
    if (key === 'extras') continue;
    if (typeof value === 'string' || typeof value === 'number') yield [model as Model, key];
    else yield* leavesOf(value);
  }
}

test('of a model with values that no document may have, the errors are those of its document', () => {
  const values = ['', ' ', '-1', 'no such word', -1, 0, 5, 1.5, 2 ** 40, 'a\nb'];
  fc.assert(
    fc.property(modelOf(domain), fc.nat(), fc.constantFrom(...values), (model, at, value) => {
      const broken = structuredClone(model);
      const leaves = [...leavesOf(broken)].filter(([holder, key]) => typeof holder[key] === typeof value);
      const leaf = leaves[at % Math.max(1, leaves.length)];
      if (leaf === undefined) return;
      leaf[0][leaf[1]] = value;
      const found = checkDomain(broken as never);
      const told = read(broken as never);
      assert.equal(
        errorsOf(found).length > 0,
        told === undefined || errorsOf(told).length > 0,
        JSON.stringify(found),
      );
      // A word of another kind may be read as something else; a number is one.
      if (told !== undefined && errorsOf(told).length === 1 && typeof value === 'number')
        assert.deepEqual(errorsOf(found), errorsOf(told));
    }),
    { numRuns: 200, endOnFailure: true },
  );
});

const plain = parseDomainOrThrow(
  "<domain type='lxc'><name>a</name><devices><filesystem><source dir='/x'/><target dir='/'/></filesystem></devices></domain>",
);

test('pieces of XML that a model keeps are well formed, declare what they use, and are not too many', () => {
  const codeOf = (metadata: readonly string[]) => checkDomain({ ...plain, metadata }).map(({ code }) => code);
  assert.deepEqual(codeOf(["<x:a xmlns:x='urn:x'/>", '<!-- kept -->', 'text']), []);
  assert.deepEqual(codeOf(['<a>']), ['syntax']);
  assert.deepEqual(codeOf(['</metadata><evil/><metadata>']), ['syntax']);
  assert.deepEqual(codeOf(['<x:a/>']), ['undeclared-prefix']);
  assert.deepEqual(codeOf([`<a xmlns='urn:a'>${'<b/>'.repeat(100_001)}</a>`]), ['too-many']);
  assert.deepEqual(codeOf([`<a xmlns='urn:a'>${'<b>'.repeat(64)}${'</b>'.repeat(64)}</a>`]), ['too-deep']);
  const extras = [{ attribute: 'xmlns:x', value: 'urn:x&y' }];
  assert.deepEqual(checkDomain({ ...plain, extras, metadata: ['<x:a/>'] }), []);
});

test('semantics have the paths of the canonical document', () => {
  const [root] = plain.devices.filesystems ?? [];
  assert.ok(root !== undefined);
  const twice = { ...plain, devices: { filesystems: [root, { ...root, target: { dir: '//' } }] } };
  assert.deepEqual(errorsOf(checkDomain(twice)), [
    'duplicate-root /domain/devices/filesystem[2]/target/@dir',
  ]);
  const beancounters = [
    { name: 'a', barrier: 1, limit: 1 },
    { name: 'b', barrier: 2, limit: 1 },
  ] as const;
  assert.deepEqual(errorsOf(checkDomain({ ...plain, beancounters })), [
    'barrier-over-limit /domain/metadata/ctvirt:beancounters/ctvirt:parameter[2]/@barrier',
  ]);
});
