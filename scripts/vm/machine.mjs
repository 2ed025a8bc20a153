// Boots the test machine, hands on what its stories report, and tells why when it falls silent or dies.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StepError } from '../steps.mjs';

/**
 * Its clock counts instructions, two nanoseconds each, and skips what it would idle: neither a busy host nor a slow one
 * changes what is measured in it or lets a wait in it time out. One processor is what such a clock has in this QEMU.
 * Emulated, one with AVX takes a third longer for the same work.
 */
const processor = ['-accel', 'tcg,tb-size=256', '-icount', 'shift=1,sleep=off', '-cpu', 'qemu64,-svm'];

/** NVMe and ext4 are built into Debian's kernel, so it needs no initial RAM disk to find its root. */
const kernelLine = [
  'root=/dev/nvme0n1 rw console=ttyS0 quiet panic=-1 oops=panic',
  'mitigations=off net.ifnames=0 systemd.show_status=false',
  'apparmor=1 security=apparmor',
].join(' ');

const disks = ['root', 'code', 'ext4', 'xfs', 'swap'];

/**
 * What the reporter in the machine writes of a test.
 * @typedef {object} Report
 * @property {'start' | 'pass' | 'fail' | 'note' | 'suite' | 'file' | 'end'} kind
 * @property {string} name
 * @property {string} [file]
 * @property {string | boolean} [skip]
 * @property {string} [message]
 * @property {number} [seconds]
 * @property {string} [text]
 */

/**
 * What it writes to its disks is gone with it.
 *
 * @param {string} name
 * @param {string} file
 */
const diskOptions = (name, file) => [
  ...['-drive', `if=none,id=${name},format=raw,snapshot=on,file=${file}`],
  ...['-device', `nvme-ns,drive=${name}`],
];

/**
 * Boots, calls `onReport` with each report of its tests and resolves when it has powered off after the last.
 * `silence` is how long it may report nothing, its boot included.
 *
 * @param {object} parts
 * @param {string} parts.folder
 * @param {string} parts.code
 * @param {string} parts.console
 * @param {{ cpuSeconds: number, seconds: number }} parts.silence
 * @param {(report: Report) => void} parts.onReport
 */
export async function runMachine({ folder, code, console, silence, onReport }) {
  /** @param {string} name */
  const file = (name) => (name === 'code' ? code : join(folder, name));
  const argv = [
    // It dies with this process, however that ends.
    ...['setpriv', '--pdeathsig', 'KILL', 'qemu-system-x86_64', '-nodefaults', ...processor, '-m', '1500'],
    ...['-kernel', join(folder, 'vmlinuz'), '-append', kernelLine, '-device', 'nvme,id=nvme,serial=1'],
    ...disks.flatMap((name) => diskOptions(name, file(name))),
    // A card that leads nowhere.
    ...['-netdev', 'hubport,id=card,hubid=0', '-device', 'virtio-net-pci,netdev=card'],
    ...['-display', 'none', '-no-reboot'],
    ...['-serial', `file:${console}`, '-serial', 'stdio'],
  ];
  const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-2000);
  });
  const spoken = { at: performance.now(), cpu: 0 };
  const quietFor = () => ({
    wall: (performance.now() - spoken.at) / 1000,
    cpu: cpuSecondsOf(child.pid) - spoken.cpu,
  });
  let isSilent = false;
  const watch = setInterval(() => {
    const { wall, cpu } = quietFor();
    isSilent = wall > silence.seconds || cpu > silence.cpuSeconds;
    if (isSilent) child.kill('SIGKILL');
  }, 1000).unref();
  const ended = new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new StepError(`cannot run ${argv[3]}: ${error.message}`)));
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  let last = 'its boot';
  let isComplete = false;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const report = parse(line);
    if (report === undefined) return;
    spoken.at = performance.now();
    spoken.cpu = cpuSecondsOf(child.pid);
    if (report.kind === 'start') last = `'${report.name}'`;
    if (report.kind === 'end') isComplete = true;
    onReport(report);
  });
  const how = await ended;
  clearInterval(watch);
  if (isComplete && how === 0) return;
  const what = isSilent
    ? `said nothing for ${quietFor().wall.toFixed(0)} s`
    : `ended (${how}) before its tests were done`;
  throw new Error(`the machine ${what}, since ${last}; its console's last lines:\n${tail(console)}${errors}`);
}

/**
 * The processor time it has used; in hundredths of a second, as Linux counts on every platform.
 *
 * @param {number | undefined} pid
 */
function cpuSecondsOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    const [user, system] = [11, 12].map((index) => Number(fields[index]));
    return (user + system) / 100;
  } catch {
    return 0; // it has ended, which is reported elsewhere
  }
}

/**
 * @param {string} line
 * @returns {Report | undefined}
 */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    // What else writes to a serial port, such as the firmware, is no report.
    return undefined;
  }
}

/** @param {string} path */
function tail(path) {
  if (!existsSync(path)) return '';
  const lines = readFileSync(path, 'utf8').split(/[\r\n]+/);
  return lines
    .filter((line) => line.trim() !== '')
    .slice(-60)
    .map((line) => `  ${line}\n`)
    .join('');
}
