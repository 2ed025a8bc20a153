// Steps of disk limits: what is asked for is had or refused, what is put back is had as far as it can be.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDomain } from '@ctvirt/xml';
import { domainRecord } from '../../../testing/record.js';
import type { Subject } from '../../driver.js';
import { diskLimitSteps } from './disk-limits.js';

const domainOf = (mebibytes: number) =>
  parseDomain(`<domain type='lxc'><name>a</name><os><type>exe</type></os><devices><filesystem type='template'>
    <source name='t'/><target dir='/'/><space_hard_limit unit='MiB'>${mebibytes}</space_hard_limit></filesystem></devices></domain>`)
    .domain ?? assert.fail();
const subject: Subject = {
  record: domainRecord({ name: 'a', template: 't', templates: ['t'] }),
  running: undefined,
};

test('a limit that is put back is had as far as it can be, after a failure and by the next daemon', async () => {
  const asked: [number | undefined, boolean][] = [];
  const limits = {
    relimit: async (
      _: Subject,
      { limit }: { limit?: { bytes?: number | undefined } | undefined },
      { isBack }: { isBack: boolean },
    ) => void asked.push([limit?.bytes, isBack]),
    checkOwners: () => undefined,
    limitOwners: () => undefined,
  };
  const [small, large] = [domainOf(10), domainOf(40)];
  const MiB = 2 ** 20;
  for (const step of diskLimitSteps(small, large, subject, { limits, isBack: false })) {
    await step.do();
    await step.undo();
  }
  for (const step of diskLimitSteps(large, small, subject, { limits, isBack: true })) await step.do();
  assert.deepEqual(asked, [
    [40 * MiB, false],
    [10 * MiB, true],
    [10 * MiB, true],
  ]);
});
