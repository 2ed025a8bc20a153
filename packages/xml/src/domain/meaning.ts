// What a document means: facts that several elements say, or that its silence says. Whoever needs one asks here.
// SPDX-License-Identifier: Apache-2.0
import { limitKiB } from './limit.js';
import type { Cputune, Memtune, Vcpu } from './tuning.js';

/** What of a domain is asked here; a `Domain` has it. */
interface Memory {
  readonly memoryKiB?: number | undefined;
  readonly currentMemoryKiB?: number | undefined;
  readonly memtune?: Memtune | undefined;
}
interface Processors {
  readonly vcpu?: Vcpu | undefined;
  readonly cputune?: Cputune | undefined;
}

/** libvirt takes a size of 0 for no statement, and a document that an older version let in may have it. */
const stated = (kib: number | undefined): number | undefined => (kib === 0 ? undefined : limitKiB(kib));

/** The most memory the domain can use: `<hard_limit>`, or else `<memory>`; undefined without limit. */
export const memoryLimitKiB = ({ memtune, memoryKiB }: Memory): number | undefined =>
  limitKiB(memtune?.hardLimitKiB) ?? stated(memoryKiB);

/**
 * The most memory it may be given, libvirt's maximum: `<memory>`, or else `<hard_limit>`; undefined without either. A running
 * domain's limit is lowered and raised below it.
 */
export const maxMemoryKiB = ({ memtune, memoryKiB }: Memory): number | undefined =>
  stated(memoryKiB) ?? limitKiB(memtune?.hardLimitKiB);

/** The memory it has been given, never more than its maximum; all of it where `<currentMemory>` is silent or 0. */
export function currentMemoryKiB(domain: Memory): number | undefined {
  const most = maxMemoryKiB(domain);
  const current = stated(domain.currentMemoryKiB);
  if (current === undefined) return most;
  return most === undefined ? current : Math.min(current, most);
}

/** How many processors it may have, those of `<vcpu>`; undefined for all of the host's. */
export const maxVcpus = ({ vcpu }: Processors): number | undefined => vcpu?.value;

/** How many processors it has: `current` of `<vcpu>`, or else all it may have. */
export const currentVcpus = ({ vcpu }: Processors): number | undefined => vcpu?.current ?? vcpu?.value;

/** The kernel's own values of what a document leaves out of `<cputune>`. */
export const commonShares = 1024;
/** In microseconds. */
export const commonPeriodUs = 100_000;

/** Weight, period and quota of its processor time; a quota of -1 is none. */
export function processorTimeOf({ cputune }: Processors): {
  readonly shares: number;
  readonly periodUs: number;
  readonly quotaUs: number;
} {
  const { shares = commonShares, period = commonPeriodUs, quota } = cputune ?? {};
  return { shares, periodUs: period, quotaUs: quota === undefined || quota <= 0 ? -1 : quota };
}

/** What libvirt does at an end of which a document is silent. */
export const commonEndings = { poweroff: 'destroy', reboot: 'restart', crash: 'destroy' } as const;

/** What follows each kind of end. */
export const endingsOf = <P extends string, R extends string, C extends string>({
  onPoweroff,
  onReboot,
  onCrash,
}: {
  readonly onPoweroff?: P | undefined;
  readonly onReboot?: R | undefined;
  readonly onCrash?: C | undefined;
}) => ({
  poweroff: onPoweroff ?? commonEndings.poweroff,
  reboot: onReboot ?? commonEndings.reboot,
  crash: onCrash ?? commonEndings.crash,
});
