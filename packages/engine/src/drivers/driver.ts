// What runs domains: all that the rest of the engine knows of it. No process, path or control group of the host is named here.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import type { DomainRecord } from '../state/record.js';

/** How a run ended: by the container's own wish, or not; of `unstarted` init never ran. */
export interface Ending {
  readonly cause: 'poweroff' | 'reboot' | 'crash' | 'unstarted';
  readonly detail: string;
  /** Whether the run was killed, by this daemon or one before. */
  readonly isWanted: boolean;
}

/** A domain as a driver knows it; the same object as long as the domain is defined. */
export interface Subject {
  readonly record: DomainRecord;
  readonly running: Run | undefined;
}

/** One run of a domain, from its start to its end. */
export interface Run {
  /** Told as libvirt's id; no two runs have the same. */
  readonly id: number;
  readonly startedAt: Date;
  readonly isFrozen: boolean;
  /** Calls back once when it has ended and its driver has seen to that. */
  watch(onEnd: () => void): Disposable;
  /** Asks init, in the way it understands. */
  ask(what: 'poweroff' | 'reboot'): void;
  /** Ends it whatever it does; `gone` resolves at the end it is watched for. False if it has not ended after `KILL_WAIT_MS`. */
  kill(gone: Promise<void>): Promise<boolean>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/** How long `kill` tries. */
export const KILL_WAIT_MS = 10_000;

/** What a daemon finds of its domains' runs when it starts. */
export interface Found<S extends Subject> {
  readonly subject: S;
  /** Undefined if it has ended while nobody watched. */
  readonly run: Run | undefined;
  /** Somebody had begun to kill it. */
  readonly isUnwanted: boolean;
}

export interface Driver {
  /**
   * Starts a domain from its document and resolves when its init runs; undefined if that has ended already. Calls `begun` when
   * there is nothing more to refuse: what fails from then on is a run that failed.
   */
  start(subject: Subject, domain: Domain, xml: string, begun: () => void): Promise<Run | undefined>;
  /** Finishes or undoes what an earlier daemon had begun, and answers what runs, and what ran and was not put away. */
  find<S extends Subject>(subjects: Iterable<S>): Promise<readonly Found<S>[]>;
  /** How the last run ended that was not put away. */
  ending(subject: Subject): Promise<Ending>;
  /** Takes back from the host what a run had, but what tells the next daemon of it. */
  release(subject: Subject): Promise<void>;
  /** Forgets the last run; a run that is to follow at once keeps its place on the host. */
  putAway(subject: Subject): Promise<void>;
  /** No run follows. */
  leave(subject: Subject): void;
  /** Changes a run to what a changed document says: whole or not at all. */
  change(subject: Subject, change: LiveChange): Promise<void>;
  /** Puts back what a killed daemon had begun to change, from the document it wanted to the one that holds. */
  restore(subject: Subject, wanted: Domain, domain: Domain): Promise<void>;
  /** A document as a run has it, with names for its links that no other of its links has or had. */
  named(subject: Subject, domain: Domain): Domain;
  /** Nothing runs: gives back what all runs share. */
  idle(): void;
}

export interface LiveChange {
  readonly before: Domain;
  readonly after: Domain;
  /** Done when the host has changed and can still be changed back: what fails here changes it back. */
  readonly commit: () => Promise<void>;
}
