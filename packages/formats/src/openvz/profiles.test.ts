// Tests of the parameter table and of the profiles that come with it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOf } from './check.js';
import { effectiveValues, parseConf } from './conf-file.js';
import { beancounters, parameterOf, parameters } from './parameters.js';
import { profileFileName, profileNameOf, profiles } from './profiles.js';
import { parseUbc, unlimited } from './values.js';

const page = 4096;

test('each parameter stands in the table once, beancounters in the kernel order', () => {
  assert.equal(new Set(parameters.map(({ key }) => key)).size, parameters.length);
  assert.equal(beancounters.length, 21);
  assert.equal(beancounters.filter(({ required }) => required).length, 20);
  assert.equal(parameterOf('DCACHE')?.key, 'DCACHESIZE');
  assert.equal(parameterOf('__proto__'), undefined);
  assert.equal(parameterOf('constructor'), undefined);
});

test('every shipped profile is clean: known keys, readable values, allowed in a profile', () => {
  for (const { name, text } of profiles) {
    const file = parseConf(text);
    const { values, warnings } = effectiveValues(file);
    assert.deepEqual([...file.warnings, ...warnings], [], name);
    for (const { key, value } of values.values()) {
      const parameter = parameterOf(key);
      assert.ok(parameter?.profile, `${name}: ${key}`);
      assert.equal(faultOf(parameter, value, page), undefined, `${name}: ${key}`);
    }
    assert.equal(profileNameOf(profileFileName(name)), name);
  }
});

test('the classic profiles are complete and keep the rules between barrier and limit', () => {
  for (const { name, text } of profiles.filter((profile) => profile.name.startsWith('vps.'))) {
    const { values } = effectiveValues(parseConf(text));
    for (const { key, unit, bounds, required } of beancounters) {
      const value = values.get(key)?.value;
      assert.equal(value !== undefined, required, `${name}: ${key}`);
      if (value === undefined || (unit !== 'pages' && unit !== 'bytes' && unit !== 'count')) continue;
      const ubc = parseUbc(value, unit, page);
      assert.ok(ubc);
      if (bounds === 'equal') assert.equal(ubc.barrier, ubc.limit, `${name}: ${key}`);
      if (bounds === 'ordered') assert.ok(ubc.barrier <= ubc.limit, `${name}: ${key}`);
      if (bounds === 'guarantee') assert.equal(ubc.limit, unlimited, `${name}: ${key}`);
      if (bounds === 'total') assert.deepEqual(ubc, { barrier: 0n, limit: unlimited }, `${name}: ${key}`);
    }
  }
});
