// The exit codes of vzctl(8), by which its callers branch, and the failures that end with them.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type ApiErrorCode } from '@ctvirt/api';

/** Those that are given here, and what vzctl means by each. */
export const vzCodes = {
  ubc: { status: 1, meaning: 'setting resource limits failed' },
  system: { status: 3, meaning: 'another failure' },
  kernel: { status: 5, meaning: 'there is no such thing on this system, or the daemon does not answer' },
  resources: { status: 6, meaning: 'not enough of what the system has' },
  start: { status: 7, meaning: 'the container could not be started' },
  command: { status: 8, meaning: 'the command inside failed, or could not be run' },
  locked: { status: 9, meaning: 'another operation on the container is under way' },
  noScript: { status: 11, meaning: 'there is no such script' },
  access: { status: 12, meaning: 'not allowed' },
  noContainer: { status: 14, meaning: 'there is no such container' },
  timeout: { status: 15, meaning: 'it took too long' },
  checkpoint: { status: 16, meaning: 'no checkpoint was made' },
  restore: { status: 17, meaning: 'nothing was restored' },
  syntax: { status: 20, meaning: 'the command line is wrong' },
  value: { status: 21, meaning: 'a value or the CTID is wrong' },
  missing: { status: 27, meaning: 'something that is needed is not said' },
  noTemplateSaid: { status: 29, meaning: 'no template is said' },
  notRunning: { status: 31, meaning: 'the container is not running' },
  running: { status: 32, meaning: 'the container is running' },
  stop: { status: 33, meaning: 'it could not be stopped' },
  address: { status: 34, meaning: 'an address could not be given or taken' },
  invalid: { status: 35, meaning: 'the parameters do not fit together' },
  overcommit: { status: 36, meaning: 'the host cannot keep what is promised' },
  notMounted: { status: 40, meaning: 'it is not mounted' },
  mounted: { status: 41, meaning: 'it is mounted' },
  noFiles: { status: 43, meaning: 'its files are not there' },
  exists: { status: 44, meaning: 'there are a container or files of that CTID already' },
  noSpace: { status: 46, meaning: 'the disk is full' },
  mount: { status: 50, meaning: 'it could not be mounted' },
  umount: { status: 51, meaning: 'it could not be unmounted' },
  erase: { status: 52, meaning: 'its files could not be erased' },
  quota: { status: 62, meaning: 'disk limits could not be set' },
  hostname: { status: 70, meaning: 'the host name is wrong' },
  password: { status: 74, meaning: 'the password could not be set' },
  addressInUse: { status: 78, meaning: 'the address is in use' },
  sample: { status: 82, meaning: 'there is no such configuration to start from' },
  noTemplate: { status: 91, meaning: 'there is no such template' },
  ploop: { status: 99, meaning: 'ploop is not there' },
  device: { status: 86, meaning: 'a device could not be given' },
  netdev: { status: 104, meaning: 'a network device could not be given or taken' },
  disabled: { status: 105, meaning: 'the container is disabled' },
  applyConfig: { status: 109, meaning: 'there is no such configuration to apply' },
  veth: { status: 130, meaning: 'an interface could not be added or taken away' },
  name: { status: 131, meaning: 'the name is taken, wrong, or cannot be set now' },
  wait: { status: 133, meaning: 'it did not come up in time' },
  save: { status: 139, meaning: 'the configuration could not be saved' },
  mountSnapshot: { status: 152, meaning: 'a snapshot could not be mounted' },
  image: { status: 155, meaning: 'its image could not be converted' },
  snapshot: { status: 156, meaning: 'no snapshot was made' },
  deleteSnapshot: { status: 158, meaning: 'the snapshot was not deleted' },
  switch: { status: 159, meaning: 'the container was not switched to the snapshot' },
  listSnapshots: { status: 167, meaning: 'snapshots could not be listed' },
} as const satisfies Record<string, { status: number; meaning: string }>;
/** A code by what it means. */
export type VzCode = keyof typeof vzCodes;

/** A failure with one of vzctl's codes. */
export class VzError extends Error {
  override readonly name = 'VzError';
  constructor(
    readonly code: VzCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** What the daemon's failures are to vzctl, where an operation has no code of its own for them. */
const ofApi: Readonly<Partial<Record<ApiErrorCode, VzCode>>> = {
  'not-found': 'noContainer',
  exists: 'exists',
  'in-use': 'running',
  busy: 'locked',
  'wrong-state': 'running',
  invalid: 'value',
  unsupported: 'kernel',
  unreachable: 'kernel',
  denied: 'access',
  'no-space': 'noSpace',
  'over-quota': 'quota',
  overcommitted: 'overcommit',
  timeout: 'timeout',
  'host-command': 'system',
};

/** Which codes an operation has for the daemon's failures, and for a document of which each value may be right. */
export type CodesOf = Readonly<Partial<Record<ApiErrorCode | 'contradiction', VzCode>>>;

/** The code and the sentence of any failure. */
export function failureOf(error: unknown, own: CodesOf = {}): VzError {
  if (error instanceof VzError) return error;
  if (error instanceof ApiError) {
    const { message, findings } = error;
    const more = findings.map((one) => one.message).filter((text) => !message.includes(text));
    const whole = error.code === 'invalid' && findings.length > 0 ? own.contradiction : undefined;
    const code = whole ?? own[error.code] ?? ofApi[error.code] ?? 'system';
    return new VzError(code, [message, ...more].join(': '), { cause: error });
  }
  return new VzError('system', error instanceof Error ? error.message : String(error), { cause: error });
}

/** The same of a call that failed. */
export async function coded<T>(call: Promise<T>, own: CodesOf): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw failureOf(error, own);
  }
}
