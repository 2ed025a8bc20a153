// Signals for the inits a container may have.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InitSignal, initSignal } from './init-signals.js';

for (const [path, poweroff, reboot] of [
  ['/usr/lib/systemd/systemd', 38, 39],
  ['/bin/busybox', 'SIGUSR2', 'SIGTERM'],
  ['/bin/busybox.static', 'SIGUSR2', 'SIGTERM'],
  ['/sbin/openrc-init', 'SIGINT', 'SIGTERM'],
  ['/usr/bin/runit', 'SIGCONT', 'SIGINT'],
  ['/sbin/init', 'SIGPWR', 'SIGINT'],
  ['', 'SIGPWR', 'SIGINT'],
] as const)
  test(`init at '${path}'`, () => {
    assert.equal(
      initSignal(path, 'poweroff', () => true),
      poweroff,
    );
    assert.equal(
      initSignal(path, 'reboot', () => true),
      reboot,
    );
    assert.equal(
      initSignal(path, 'poweroff', () => false),
      poweroff,
    );
  });

test('a program in the place of an init is asked by the signal that it handles', () => {
  const handles = (signal: InitSignal) => signal === 'SIGTERM';
  for (const path of ['/usr/sbin/nginx', '/bin/busybox'])
    assert.equal(initSignal(path, 'poweroff', handles), 'SIGTERM');
});
