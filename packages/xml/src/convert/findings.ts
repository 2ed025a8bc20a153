// What is found while a tree becomes a model: collected up to a bound, placed in the text at the end.
// SPDX-License-Identifier: Apache-2.0
import type { Finding, FindingCode } from '../finding.js';
import { nearest } from '../nearest.js';
import type { Node } from '../read/node.js';
import { AttributeOffsets, LineIndex, Paths, shortened } from '../read/place.js';
import type { FaultDetails } from '../schema/report.js';

/** How strictly a document is read, and what its findings call it. */
export interface FindingOptions {
  /** Name shown in findings. */
  readonly file?: string;
  /** What the schema does not know is an error, not a warning. */
  readonly strict?: boolean;
  /** For documents of other hypervisors: what does not fit is kept as it stands and reported as a warning. */
  readonly foreign?: boolean;
  /** Written by this package, maybe by a version that refused less: what it let in is reported as a warning. */
  readonly stored?: boolean;
}

const mostFindings = 200;

interface Draft extends FaultDetails {
  /** Which of all that were made it is. */
  readonly number: number;
  severity: 'error' | 'warning';
  readonly code: FindingCode;
  readonly message: string;
  readonly node: Node;
  readonly attribute: string | undefined;
}

/** How far findings were when a child was begun. */
export interface Mark {
  readonly faults: number;
  readonly made: number;
}

/** The nearest of the words as a detail of a finding; empty when none is close. */
export function suggest(word: string, words: Iterable<string>): { suggestion?: string } {
  const suggestion = nearest(word, words);
  return suggestion === undefined ? {} : { suggestion };
}

/** What is put behind a message: `; did you mean 'filesystem'?`, or nothing. */
export const hint = (details: FaultDetails): string =>
  details.suggestion === undefined ? '' : `; did you mean '${details.suggestion}'?`;

/** Collects at most 200 findings of one document, and counts faults so that one can tell whether an element is usable. */
export class Findings {
  /** The severity of what the schema does not know, and of what it refuses. */
  readonly unknown: 'error' | 'warning';
  readonly wrong: 'error' | 'warning';
  readonly isStored: boolean;
  private readonly drafts: Draft[] = [];
  private made = 0;
  private hasError = false;
  /** Faults that make an element unusable, counted even where they are only warnings. */
  private faults = 0;

  constructor(
    private readonly text: string,
    private readonly options: FindingOptions,
  ) {
    this.unknown = options.strict === true ? 'error' : 'warning';
    this.wrong = options.foreign === true ? 'warning' : 'error';
    this.isStored = options.stored === true;
  }

  fault(
    severity: 'error' | 'warning',
    code: FindingCode,
    node: Node,
    attribute: string | undefined,
    message: string,
    details: FaultDetails = {},
  ): void {
    const number = ++this.made;
    if (this.isFull(severity)) return;
    if (this.drafts.length === mostFindings) this.drafts.pop();
    this.drafts.push({ number, severity, code, node, attribute, message, ...details });
    if (severity === 'error') this.hasError = true;
  }

  /** Of an element that cannot be used for it. */
  invalid(
    code: FindingCode,
    node: Node,
    attribute: string | undefined,
    message: string,
    details: FaultDetails = {},
  ): void {
    this.faults++;
    this.fault('error', code, node, attribute, message, details);
  }

  /** Nothing more of that severity is told: what would only be made for a finding need not be. */
  isFull(severity: 'error' | 'warning'): boolean {
    return this.drafts.length >= mostFindings && (severity === 'warning' || this.hasError);
  }

  suggest(word: string, words: Iterable<string>): { suggestion?: string } {
    return this.isFull('error') ? {} : suggest(word, words);
  }

  /** An element is unusable, whatever that is told as. */
  spoil(): void {
    this.faults++;
  }

  mark(): Mark {
    return { faults: this.faults, made: this.made };
  }

  isSpoilt({ faults }: Mark): boolean {
    return this.faults > faults;
  }

  /** In a foreign document a child with faults stands as it did: they become warnings, and its parent stays usable. */
  forgive({ faults, made }: Mark): void {
    if (this.options.foreign !== true) return;
    this.faults = faults;
    for (let at = this.drafts.length - 1; at >= 0; at--) {
      const draft = this.drafts[at];
      if (draft === undefined || draft.number <= made) break;
      draft.severity = 'warning';
    }
    this.hasError = this.drafts.some(({ severity }) => severity === 'error');
  }

  /** All of them with their places, in the order of the text. */
  placed(): Finding[] {
    if (this.drafts.length === 0) return [];
    const { text, options } = this;
    const lines = new LineIndex(text);
    const offsets = new AttributeOffsets(text);
    const paths = new Paths(text);
    const placed = this.drafts.map((draft) => {
      const { node, attribute } = draft;
      return {
        draft,
        offset: attribute === undefined ? node.start : offsets.of(node, attribute),
      };
    });
    placed.sort((a, b) => a.offset - b.offset);
    return placed.map(({ draft, offset }): Finding => {
      const { severity, code, message, node, attribute, number: _, ...details } = draft;
      return {
        severity,
        code,
        message: shortened(message, 1000),
        ...lines.place(offset),
        path: paths.of(node, attribute),
        ...(options.file === undefined ? {} : { file: options.file }),
        ...details,
        ...(details.found === undefined ? {} : { found: shortened(details.found) }),
      };
    });
  }
}
