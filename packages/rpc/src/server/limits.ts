// What one server grants its clients.
// SPDX-License-Identifier: Apache-2.0
import { maxFrameBytes } from '../frame.js';

/** The limits of a server; libvirtd's own where it has one. */
export interface ServerLimits {
  /** Connections at once. */
  maxClients: number;
  /** Of these, how many may be waiting for authentication. */
  maxUnauthenticated: number;
  /** Calls of one client under way at once, their replies not yet taken included. */
  maxInFlight: number;
  /** Calls of one client that wait for their turn before its connection is no longer read. */
  maxQueued: number;
  /** The same in bytes. */
  maxQueuedBytes: number;
  /** Streams of one client at once. */
  maxStreams: number;
  /** Event registrations of one client. */
  maxSubscriptions: number;
  /** The biggest frame. */
  maxFrameBytes: number;
  /** The biggest frame from a client that has not opened its connection yet. */
  maxUnopenedFrameBytes: number;
  /** Events a client may leave unread, in bytes, before it is closed. */
  maxUnsentEventBytes: number;
  /** What all clients may have in memory as requests; beyond it the one with the most is closed. */
  maxReceivedBytes: number;
  /** How long a client may take to open its connection. */
  openTimeoutMs: number;
  /** How long a client may pause within a frame. */
  frameTimeoutMs: number;
}

/** What a server grants where its options say nothing. */
export const defaultLimits: ServerLimits = {
  maxClients: 5000,
  maxUnauthenticated: 20,
  maxInFlight: 5,
  maxQueued: 64,
  maxQueuedBytes: 1 << 20,
  maxStreams: 256,
  maxSubscriptions: 1024,
  maxFrameBytes,
  maxUnopenedFrameBytes: 65_536 + 28,
  maxUnsentEventBytes: 4 << 20,
  maxReceivedBytes: 256 << 20,
  openTimeoutMs: 30_000,
  frameTimeoutMs: 60_000,
};
