// What a document takes down is said, each once, and what it loosens by a name is not.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDomain } from '@ctvirt/xml';
import { takenDown } from './taken-down.js';

function pathsOf(features: string, link = ''): string[] {
  const { domain } = parseDomain(
    `<domain type='lxc'><name>a</name><features>${features}</features><devices>
<filesystem><source dir='/r'/><target dir='/'/></filesystem>${link}</devices></domain>`,
  );
  return takenDown(domain ?? assert.fail('it cannot be read')).map(({ path, code, severity }) => {
    assert.deepEqual([code, severity], ['wall-down', 'warning']);
    return path;
  });
}

test('each wall that a document takes down', () => {
  assert.deepEqual(pathsOf("<seccomp policy='off'/><apparmor policy='off'/><capabilities policy='allow'/>"), [
    '/domain/features/seccomp/@policy',
    '/domain/features/apparmor/@policy',
    '/domain/features/capabilities/@policy',
  ]);
  assert.deepEqual(
    pathsOf('', "<interface type='bridge' trustGuestRxFilters='yes'><source bridge='b'/></interface>"),
    ['/domain/devices/interface[1]/@trustGuestRxFilters'],
  );
});

test('nothing of what stands, or is loosened by its name', () => {
  assert.deepEqual(
    pathsOf(
      "<seccomp><allow name='keyctl'/></seccomp><capabilities policy='default'><mknod state='on'/></capabilities>",
    ),
    [],
  );
});
