// The signals by which each kind of init is asked to power off or to reboot.
// SPDX-License-Identifier: Apache-2.0

/** A signal by its name, or a real-time one by its number. */
export type InitSignal = NodeJS.Signals | number;

/** SIGRTMIN as glibc's programs count it: systemd's interface is told in such numbers. */
const SIGRTMIN = 34;

/** By the name of init's program file; sources: systemd(1), busybox init.c, openrc-init(8), runit(8). */
const rows: readonly {
  readonly program: RegExp;
  readonly poweroff: InitSignal;
  readonly reboot: InitSignal;
}[] = [
  { program: /^systemd$/, poweroff: SIGRTMIN + 4, reboot: SIGRTMIN + 5 },
  { program: /^busybox/, poweroff: 'SIGUSR2', reboot: 'SIGTERM' },
  { program: /^openrc-init$/, poweroff: 'SIGINT', reboot: 'SIGTERM' },
  { program: /^runit(-init)?$/, poweroff: 'SIGCONT', reboot: 'SIGINT' },
];

/** What sysvinit and upstart take for a power failure and for Ctrl-Alt-Del, as liblxc sends them. */
const otherwise = { poweroff: 'SIGPWR', reboot: 'SIGINT' } as const;

/** The signal for an init whose program is at `path`; a program of an image in the place of an init is asked as images have it. */
export function initSignal(
  path: string,
  what: 'poweroff' | 'reboot',
  handles: (signal: InitSignal) => boolean,
): InitSignal {
  const program = path.slice(path.lastIndexOf('/') + 1);
  const signal = (rows.find((row) => row.program.test(program)) ?? otherwise)[what];
  return what === 'poweroff' && !handles(signal) && handles('SIGTERM') ? 'SIGTERM' : signal;
}
