// The protocol table as a whole: programs, their calls and messages.
// SPDX-License-Identifier: Apache-2.0
import { hyper, int, optional, uint } from '../xdr.js';
import { connectCalls } from './connect.js';
import { domainCalls } from './domain.js';
import { domainBlockCalls } from './domain-block.js';
import { domainMigrateCalls } from './domain-migrate.js';
import { domainStateCalls } from './domain-state.js';
import { domainTuningCalls } from './domain-tuning.js';
import { remoteMessages } from './messages.js';
import { networkCalls } from './network.js';
import { nodeCalls } from './node.js';
import { domain, optStr, str } from './objects.js';
import { type Message, message, type Procedure, withDescriptors, write } from './row.js';
import { storageCalls } from './storage.js';

/** A program of the protocol: a number space of calls and messages. */
export interface Program<
  C extends Readonly<Record<string, Procedure>> = Readonly<Record<string, Procedure>>,
  M extends Readonly<Record<string, Message>> = Readonly<Record<string, Message>>,
> {
  readonly name: string;
  readonly number: number;
  readonly version: number;
  readonly calls: C;
  readonly messages: M;
}

function program<C extends Readonly<Record<string, Procedure>>, M extends Readonly<Record<string, Message>>>(
  name: string,
  number: number,
  calls: C,
  messages: M,
): Program<C, M> {
  return { name, number, version: 1, calls, messages };
}

/** Everything that is not special to one hypervisor. */
export const remote = program(
  'remote',
  0x20008086,
  {
    ...connectCalls,
    ...nodeCalls,
    ...domainCalls,
    ...domainTuningCalls,
    ...domainBlockCalls,
    ...domainStateCalls,
    ...domainMigrateCalls,
    ...networkCalls,
    ...storageCalls,
  },
  remoteMessages,
);

/** What libvirt's LXC driver alone has: namespaces as file descriptors, which Node cannot pass. */
export const lxc = program(
  'lxc',
  0x00068000,
  { domainOpenNamespace: withDescriptors(write(1, { dom: domain, flags: uint })) },
  {},
);

/** What libvirt's QEMU driver alone has: its monitor, and the agent in the guest. */
export const qemu = program(
  'qemu',
  0x20008087,
  {
    domainMonitorCommand: write(1, { dom: domain, cmd: str, flags: uint }, { result: str }),
    domainAttach: write(2, { pidValue: uint, flags: uint }, { dom: domain }),
    domainAgentCommand: write(3, { dom: domain, cmd: str, timeout: int, flags: uint }, { result: optStr }),
    connectDomainMonitorEventRegister: write(
      4,
      { dom: optional(domain), event: optStr, flags: uint },
      { callbackId: int },
    ),
    connectDomainMonitorEventDeregister: write(5, { callbackId: int }),
    domainMonitorCommandWithFiles: withDescriptors(
      write(7, { dom: domain, cmd: str, flags: uint }, { result: str }),
    ),
  },
  {
    domainMonitorEvent: message(6, {
      callbackId: int,
      dom: domain,
      event: str,
      seconds: hyper,
      micros: uint,
      details: optStr,
    }),
  },
);

/** Either side may send `ping`; the other answers `pong`. */
export const keepalive = program('keepalive', 0x6b656570, {}, { ping: message(1, {}), pong: message(2, {}) });

/** All programs; the comparison with libvirt walks this list. */
export const programs: readonly Program[] = [remote, lxc, qemu, keepalive];

/** The procedures of the remote program by name: client, handlers and methods have their types from it. */
export type RemoteCalls = typeof remote.calls;
/** The messages of the remote program by name: events have their types from it. */
export type RemoteMessages = typeof remote.messages;
