// The filter as the kernel would obey it: every architecture's numbers, asked of a small interpreter of its instructions.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { deniedCalls } from '@ctvirt/xml';
import { compileFilter, compileOwnFilter, denials, policyText } from './seccomp.js';

const ALLOW = 'allow';
const EPERM = 'errno 1';
const ENOSYS = 'errno 38';
const filter = compileFilter({ allowed: [] });

interface Asked {
  readonly arch: number;
  readonly call: number;
  readonly args?: readonly bigint[];
}
/** struct seccomp_data. */
function dataOf({ arch, call, args = [] }: Asked): Buffer {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call >>> 0, 0);
  data.writeUInt32LE(arch >>> 0, 4);
  for (const [index, arg] of args.entries()) data.writeBigUInt64LE(arg, 16 + 8 * index);
  return data;
}

/** What the kernel answers: classic BPF, of which libseccomp uses these instructions alone. */
function answerOf(program: Buffer, asked: Asked): string {
  const data = dataOf(asked);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const code = program.readUInt16LE(8 * at);
    const [onTrue, onFalse] = [program.readUInt8(8 * at + 2), program.readUInt8(8 * at + 3)];
    const k = program.readUInt32LE(8 * at + 4);
    const jump = (isSo: boolean): void => void (at += isSo ? onTrue : onFalse);
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x05) at += k;
    else if (code === 0x15) jump(accumulator === k);
    else if (code === 0x25) jump(accumulator > k);
    else if (code === 0x35) jump(accumulator >= k);
    else if (code === 0x06) return actionOf(k);
    else assert.fail(`instruction ${code.toString(16)} at ${at}`);
  }
}
const actionOf = (k: number): string =>
  k === 0x7fff0000 ? ALLOW : k >>> 16 === 5 ? `errno ${k & 0xffff}` : `action ${k.toString(16)}`;

const x64 = 0xc000003e;
const i386 = 0x40000003;
const X32 = 0x40000000;

test('every denied call is refused by its number on x86-64, x32 and i386', {
  skip: process.arch !== 'x64',
}, () => {
  for (const [what, asked, expected] of [
    ['init_module', { arch: x64, call: 175 }, EPERM],
    ['finit_module of x32', { arch: x64, call: X32 | 313 }, EPERM],
    ['init_module of i386', { arch: i386, call: 128 }, EPERM],
    ['kexec_load of i386', { arch: i386, call: 283 }, EPERM],
    ['kexec_load of x32', { arch: x64, call: X32 | 528 }, EPERM],
    ['stime, which i386 alone has', { arch: i386, call: 25 }, EPERM],
    ['clock_settime64 of i386', { arch: i386, call: 404 }, EPERM],
    ['clock_settime', { arch: x64, call: 227 }, EPERM],
    ['vm86old of i386', { arch: i386, call: 113 }, ENOSYS],
    ['io_uring_setup', { arch: x64, call: 425 }, ENOSYS],
    ['io_uring_setup of i386', { arch: i386, call: 425 }, ENOSYS],
    ['bpf of i386', { arch: i386, call: 357 }, EPERM],
    ['keyctl of x32', { arch: x64, call: X32 | 250 }, ENOSYS],
    ['open_by_handle_at', { arch: x64, call: 304 }, EPERM],
    ['umount2 with MNT_FORCE', { arch: x64, call: 166, args: [0n, 1n] }, EPERM],
    ['umount2 with MNT_FORCE and MNT_DETACH', { arch: x64, call: 166, args: [0n, 3n] }, EPERM],
    ['umount2 of i386 with MNT_FORCE', { arch: i386, call: 52, args: [0n, 1n] }, EPERM],
    ['umount2 with MNT_DETACH', { arch: x64, call: 166, args: [0n, 2n] }, ALLOW],
    ['unshare', { arch: x64, call: 272 }, ALLOW],
    ['mount', { arch: x64, call: 165 }, ALLOW],
    ['read', { arch: x64, call: 0 }, ALLOW],
    ['an architecture this kernel does not run', { arch: 0xc00000b7, call: 0 }, 'action 0'],
  ] as const)
    assert.equal(answerOf(filter, asked), expected, what);
});

test('a call that is allowed by name is, and nothing else is loosened with it', {
  skip: process.arch !== 'x64',
}, () => {
  const loose = compileFilter({ allowed: ['keyctl', 'clock_settime'] });
  for (const [call, arch, expected] of [
    [250, x64, ALLOW],
    [248, x64, ENOSYS],
    [227, x64, ALLOW],
    [404, i386, ALLOW],
    [164, x64, EPERM],
  ] as const)
    assert.equal(answerOf(loose, { arch, call }), expected, String(call));
});

test("no program's way into the kernel is without a refusal for any of them", {
  skip: process.arch !== 'x64',
}, () => {
  const refusedOf = (arch: number, base: number): number =>
    Array.from({ length: 600 }, (_, call) =>
      answerOf(filter, { arch, call: base + call, args: [0n, 1n] }),
    ).filter((answer) => answer !== ALLOW).length;
  const has = (...lacking: string[]): number => deniedCalls.filter((name) => !lacking.includes(name)).length;
  assert.equal(refusedOf(x64, 0), has('stime', 'vm86', 'vm86old'), 'x86-64');
  assert.equal(refusedOf(i386, 0), has('kexec_file_load') + 1, 'i386, with clock_settime64');
});

test('whoever starts containers opens no vsock, and is refused nothing else', {
  skip: process.arch !== 'x64',
}, () => {
  const own = compileOwnFilter();
  for (const [what, asked, expected] of [
    ['vsock', { arch: x64, call: 41, args: [40n] }, 'errno 97'],
    ['vsock of x32', { arch: x64, call: X32 | 41, args: [40n] }, 'errno 97'],
    ['inet', { arch: x64, call: 41, args: [2n] }, ALLOW],
    ['mount', { arch: x64, call: 165, args: [40n] }, ALLOW],
    ['an i386 program', { arch: i386, call: 3 }, ALLOW],
  ] as const)
    assert.equal(answerOf(own, asked), expected, what);
});

test("liblxc's policy names the same calls with the same answers", () => {
  const text = policyText({ allowed: ['keyctl'] });
  assert.match(text, /^2\ndenylist\n\[all\]\n/);
  assert.match(text, /^bpf errno 1$/m);
  assert.match(text, /^umount2 errno 1 \[1,1,SCMP_CMP_MASKED_EQ,1\]$/m);
  assert.doesNotMatch(text, /^keyctl/m);
  assert.deepEqual(Object.keys(denials), [...deniedCalls].sort());
});

test('what liblxc refuses by default on this host is refused here', () => {
  const path = '/usr/share/lxc/config/common.seccomp';
  const names = execFileSync('/bin/sed', ['-n', 's/ errno 1$//p', path], { encoding: 'utf8' }).split('\n');
  for (const name of names.filter(Boolean))
    assert.match(policyText({ allowed: [] }), new RegExp(`^${name} `, 'm'));
});
