// How a container ended, from the lines liblxc 5.0.2 wrote when it did.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endingOf, startErrors } from './ending.js';

const stamp = 'lxc-start t1 20261121073656.425 ';
const hook = `${stamp}INFO     conf - ../src/lxc/conf.c:run_script_argv:341 - Executing script "/usr/bin/test "$LXC_TARGET" != reboot" for container "t1", config section "lxc"\n`;
const down = `${stamp}INFO     conf - ../src/lxc/conf.c:run_script_argv:341 - Executing script "/sbin/ip link" for container "t1", config section "net"\n`;
const child = (what: string): string =>
  `${stamp}INFO     error - ../src/lxc/error.c:lxc_error_set_and_log:34 - Child <5967> ended on ${what}\n${hook}`;

const cases = [
  { log: child('signal Interrupt(2)'), cause: 'poweroff' },
  { log: child('signal Hangup(1)'), cause: 'reboot' },
  { log: child('signal Killed(9)'), cause: 'crash' },
  { log: child('error (7)').replace('ended on error', 'ended on error'), cause: 'crash' },
  { log: hook, cause: 'poweroff' },
  {
    log: `${stamp}INFO     start - ../src/lxc/start.c:lxc_init:881 - Container "t1" is initialized\n`,
    cause: 'unstarted',
  },
  { log: '', cause: 'unstarted' },
  { log: down, cause: 'unstarted' },
  {
    log: `${stamp}NOTICE   start - ../src/lxc/start.c:post_start:2205 - Started "/sbin/init" with pid "15436"\n`,
    cause: 'crash',
  },
] as const;

test('what liblxc ends because it can watch it no longer is no shutdown, and says why', () => {
  const error = (text: string): string => `${stamp}ERROR    ${text}\n`;
  const accept = error(
    'commands - ../src/lxc/commands.c:lxc_cmd_accept:2085 - Too many open files - Failed to accept connection to run command',
  );
  const mainloop = error('start - ../src/lxc/start.c:__lxc_start:2115 - LXC mainloop exited with error: -1');
  const full = endingOf(accept + mainloop + hook);
  assert.equal(full.cause, 'crash');
  assert.match(full.detail, /no descriptor left/);
  assert.deepEqual(endingOf(mainloop + child('signal Interrupt(2)')), {
    cause: 'crash',
    detail: 'liblxc gave up: LXC mainloop exited with error: -1',
  });
});

for (const { log, cause } of cases) {
  test(`${cause}: ${log.split('\n')[0]?.slice(-50) || 'an empty log'}`, () => {
    assert.equal(endingOf(log).cause, cause);
  });
}

test('only the last run in a log counts', () => {
  assert.equal(endingOf(child('signal Hangup(1)') + child('signal Interrupt(2)')).cause, 'poweroff');
});

test('the reasons of a failed start, without what followed from them', () => {
  const line = (text: string): string => `${stamp}ERROR    start - ../src/lxc/start.c:start:2197 - ${text}\n`;
  const log =
    line('No such file or directory - Failed to exec "/bin/true"') +
    line('Failed to spawn container "t1"') +
    line('Received container state "ABORTING" instead of "RUNNING"') +
    line('No such file or directory - Failed to receive the container state') +
    line('The container failed to start') +
    line('To get more details, run the container in foreground mode') +
    line('Additional information can be obtained by setting the --logfile and --logpriority options');
  assert.deepEqual(startErrors(log), ['No such file or directory - Failed to exec "/bin/true"']);
});
