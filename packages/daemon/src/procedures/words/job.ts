// A job in libvirt's numbers and names.
// SPDX-License-Identifier: Apache-2.0
import type { Job } from '@ctvirt/api';
import type { TypedParam } from '@ctvirt/rpc';

/** virDomainJobType. */
const jobTypes = { running: 2, done: 3, failed: 4, cancelled: 5 } as const satisfies Record<
  Job['state'],
  number
>;
const NONE = 0;
const BOUNDED = 1;

/** Bounded is one of which is known how long it will take; `none` is where there is none. */
export function typeOf(job: Job | undefined): number {
  if (job === undefined) return NONE;
  return job.state === 'running' && leftOf(job) !== undefined ? BOUNDED : jobTypes[job.state];
}

/** How long one that is under way will take, in milliseconds, where that is known; what changes meanwhile makes a move longer. */
export const leftOf = ({ kind, state, progress }: Job): number | undefined =>
  state === 'running' && kind !== 'move' ? progress?.leftMs : undefined;

/** virDomainJobOperation, as near as libvirt has one. */
const operations: Readonly<Record<Job['kind'], number>> = {
  import: 3,
  restore: 3,
  arrival: 4,
  move: 5,
  snapshot: 6,
  revert: 7,
  export: 8,
  backup: 9,
  clone: 0,
  freeze: 0,
  build: 0,
  update: 0,
  check: 0,
  forget: 0,
  prune: 0,
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
  const left = leftOf(job);
  if (left !== undefined) params.push({ field: 'time_remaining', type: 'ullong', value: BigInt(left) });
  if (job.downMs !== null) params.push({ field: 'downtime', type: 'ullong', value: BigInt(job.downMs) });
  if (job.state !== 'running')
    params.push({ field: 'success', type: 'boolean', value: job.state === 'done' });
  if (job.error !== null) params.push({ field: 'errmsg', type: 'string', value: job.error });
  return params;
}
