// A job in libvirt's numbers and names.
// SPDX-License-Identifier: Apache-2.0
import type { Job } from '@ctvirt/api';
import type { TypedParam } from '@ctvirt/rpc';

/** virDomainJobType; how long one that is under way will take nobody knows. */
export const jobTypes = { none: 0, running: 2, done: 3, failed: 4, cancelled: 5 } as const satisfies Record<
  Job['state'] | 'none',
  number
>;

/** virDomainJobOperation, as near as libvirt has one. */
const operations: Readonly<Record<Job['kind'], number>> = {
  import: 3,
  restore: 3,
  move: 5,
  snapshot: 6,
  revert: 7,
  export: 8,
  backup: 9,
  clone: 0,
  freeze: 0,
};

/** How much of it is done, of how much, and how much is left. */
export function amountsOf({ progress }: Job): { total: bigint; processed: bigint; remaining: bigint } {
  const { done, total = done } = progress ?? { done: 0 };
  const whole = (value: number): bigint => BigInt(Math.max(0, Math.floor(value)));
  return { total: whole(total), processed: whole(done), remaining: whole(total - done) };
}

/** All that is told of it. */
export function jobParams(job: Job): TypedParam[] {
  const amounts = Object.entries(amountsOf(job));
  const numbers = ['data', 'disk'].flatMap((what) =>
    amounts.map(([field, value]): TypedParam => ({ field: `${what}_${field}`, type: 'ullong', value })),
  );
  const params: TypedParam[] = [
    { field: 'operation', type: 'int', value: operations[job.kind] },
    { field: 'time_elapsed', type: 'ullong', value: BigInt(job.elapsedMs) },
    ...numbers,
  ];
  if (job.state !== 'running')
    params.push({ field: 'success', type: 'boolean', value: job.state === 'done' });
  if (job.error !== null) params.push({ field: 'errmsg', type: 'string', value: job.error });
  return params;
}
