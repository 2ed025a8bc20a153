// What /proc tells of a process: who its child is, when it started, whether it is still that one.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { isErrno, unlessGone } from './gone.js';

/** A process may end between any two reads. */
const read = (path: string): string | undefined => unlessGone(() => readFileSync(path, 'utf8'));

const MOST_LOOKS = 10;
const QUICK_MS = 2;

/** Start time in clock ticks since boot: with the pid it names one process for good. */
export function startTicks(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return Number.isSafeInteger(ticks) ? ticks : undefined;
}

/** The wall-clock time of a start given in ticks; the boot's in /proc/stat has whole seconds alone. */
export function startedAt(ticks: number): Date {
  let booted = 0;
  // Whoever has to wait for a processor between the two clocks takes the difference of two moments.
  for (let [tries, least] = [0, Number.POSITIVE_INFINITY]; tries < MOST_LOOKS && least > QUICK_MS; tries++) {
    const began = performance.now();
    const uptime = Number((read('/proc/uptime') ?? '').split(' ')[0]);
    const now = new Date();
    const tookMs = performance.now() - began;
    if (tookMs >= least) continue;
    least = tookMs;
    booted = now.getTime() - uptime * 1000;
  }
  return new Date(booted + ticks * 10);
}

/** Pids of the direct children of a single-threaded process. */
export function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`);
  if (text === undefined) return [];
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/** Its numbers, from the one it has here inwards; none if it is gone. */
export function pidsOf(pid: number): number[] {
  const told = /^NSpid:\s+(.*)$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return told?.split(/\s+/).map(Number) ?? [];
}

/**
 * Whether it counts its processes by itself, unlike this one; false if it is gone.
 * Its link ns/pid would tell the same, but not to everybody while the process changes its ids or capabilities.
 */
export const hasOwnPids = (pid: number): boolean => pidsOf(pid).length > 1;

/** The kernel's letter for what it does now; empty if it is gone. */
function stateOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`) ?? '';
  return stat.charAt(stat.lastIndexOf(')') + 2);
}

/** Whether it has ended and waits for its parent to notice. */
export const isZombie = (pid: number): boolean => stateOf(pid) === 'Z';

/** Whether the process that had this pid, and started then, has ended, though nobody may have taken notice. */
export const hasEnded = (pid: number, ticks: number): boolean => isZombie(pid) || startTicks(pid) !== ticks;

/** The kernel's mark of a process that is on its way out (include/linux/sched.h). */
const PF_EXITING = 4;

/** Whether it is ending, or has ended. */
export function isEnding(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return true;
  return (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6]) & PF_EXITING) !== 0;
}

/** Whether it is ending, has ended, or its pid is another's by now. */
export const isLeaving = (pid: number, ticks: number): boolean => isEnding(pid) || hasEnded(pid, ticks);

/** Whether somebody has stopped it, by a signal or to trace it. */
export const isHeld = (pid: number): boolean => /^[Tt]$/.test(stateOf(pid));

/** Returns the words of a process's command line; none if it has ended. */
export function commandLine(pid: number): string[] {
  return (read(`/proc/${pid}/cmdline`) ?? '').split('\0').filter((word) => word !== '');
}

const isInterpreter = (name: string): boolean =>
  /^(node|nodejs|python[\d.]*|perl[\d.]*|ruby[\d.]*|(ba|da|k|z)?sh)$/.test(name);

/** The program that it runs, which of a script is not what reads it; undefined once it has ended. */
export function programName(pid: number): string | undefined {
  const name = read(`/proc/${pid}/comm`)?.trimEnd();
  const [program = '', script = '-'] = commandLine(pid);
  if (name === undefined || !isInterpreter(basename(program)) || script.startsWith('-')) return name;
  return basename(script).replace(/\.[a-z]{1,3}$/, '') || name;
}

/** The file of the program a process runs, as its own mount namespace names it; empty if it is gone. */
export const programPath = (pid: number): string => unlessGone(() => readlinkSync(`/proc/${pid}/exe`)) ?? '';

/** Tells of a signal whether the process handles it, by a handler or by waiting for it. */
export function handlerOf(pid: number): (signal: NodeJS.Signals | number) => boolean {
  const status = read(`/proc/${pid}/status`) ?? '';
  const mask = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\\s+([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  const handled = mask('SigCgt') | mask('SigBlk');
  return (signal) => {
    const number = typeof signal === 'number' ? signal : constants.signals[signal];
    return ((handled >> BigInt(number - 1)) & 1n) === 1n;
  };
}

/** Whether the pid is in use, if only by a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

/** Ends a process, or sends it another signal, that may have ended by itself meanwhile. */
export function killIfThere(pid: number, signal: NodeJS.Signals | number = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/** Changes with every boot of the host. */
export function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}
