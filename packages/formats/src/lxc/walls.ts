// The walls around a container, as liblxc's keys say them: AppArmor, setuid files, the filter of system calls.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Features } from '@ctvirt/xml';
import { approximated, carried, ignored } from '../outcome.js';
import type { LxcRead, LxcRows } from './row.js';

const withFeatures = (domain: Domain, features: Partial<Features>): Domain => ({
  ...domain,
  features: { ...domain.features, ...features },
});

const appArmor: LxcRead = (domain, label) => {
  if (label === 'unconfined')
    return carried(withFeatures(domain, { apparmor: { policy: 'off' } }), 'features/apparmor');
  const seclabels = [...(domain.seclabels ?? []), { type: 'static', model: 'apparmor', label } as const];
  return carried({ ...domain, seclabels }, 'seclabel of apparmor');
};

const noNewPrivileges: LxcRead = (domain, value) =>
  /^[01]$/.test(value)
    ? carried(withFeatures(domain, { noNewPrivileges: value === '1' }), 'features/no_new_privileges')
    : ignored(`${value} is neither 0 nor 1`);

/** The policies that come with liblxc refuse less than ours, any other may refuse more. */
const seccomp: LxcRead = (domain, path) => {
  if (path === '')
    return carried(withFeatures(domain, { seccomp: { policy: 'off' } }), 'features/seccomp: no filter');
  return path.endsWith('/common.seccomp')
    ? carried(domain, 'the filter that every domain has')
    : approximated(domain, 'the filter that every domain has stands instead: see <seccomp>');
};

/** The keys of walls; of a filter of system calls only whether there is one is carried. */
export const wallReads: LxcRows = {
  'apparmor.profile': appArmor,
  no_new_privs: noNewPrivileges,
  'seccomp.profile': seccomp,
};

/** What liblxc has a key for, and what it has none for with the reason. */
export function wallsOf({ features }: Domain): {
  readonly rows: readonly (readonly [key: string, value: string])[];
  readonly lost: string | undefined;
} {
  const { apparmor, noNewPrivileges: bound, seccomp: filter } = features ?? {};
  return {
    rows: [
      ...(apparmor?.policy === 'off' ? ([['apparmor.profile', 'unconfined']] as const) : []),
      ...(bound === undefined ? [] : ([['no_new_privs', bound ? '1' : '0']] as const)),
    ],
    lost:
      filter === undefined || filter.policy === 'off'
        ? undefined
        : "a policy is a file: take the calls out of a copy of liblxc's, and name it in seccomp.profile",
  };
}
