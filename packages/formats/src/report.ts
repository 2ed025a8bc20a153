// What became of each key of a native configuration: the report every conversion returns.
// SPDX-License-Identifier: Apache-2.0

/** Carried: means the same on the other side. Approximated: `how` says what differs. Ignored: `how` says why. */
export type ReportStatus = 'carried' | 'approximated' | 'ignored';

/** What became of one key of a configuration. */
export interface ReportRow {
  /** Path as given; of a written configuration, the file the value stands in. */
  readonly file: string;
  /** From 1; 0 where the key has no line of its own. */
  readonly line: number;
  readonly key: string;
  readonly status: ReportStatus;
  /** Where it went, how it differs, or why it was left. */
  readonly how: string;
}

/** Collects rows; one per key occurrence, the last word on it counts. */
export class Report {
  /** `careful`: every step is checked, and one that brings a contradiction is left out. */
  constructor(readonly careful = false) {}

  readonly #rows = new Map<string, ReportRow>();
  readonly #files = new Set<string>();

  #put(at: { file: string; line: number; key: string }, status: ReportStatus, how: string): void {
    const { file, line, key } = at;
    this.#files.add(file);
    this.#rows.set(`${file}\0${line}\0${key}`, { file, line, key, status, how });
  }
  carried(at: Place, how: string): void {
    this.#put(at, 'carried', how);
  }
  approximated(at: Place, how: string): void {
    this.#put(at, 'approximated', how);
  }
  ignored(at: Place, how: string): void {
    this.#put(at, 'ignored', how);
  }
  hasFile(file: string): boolean {
    return this.#files.has(file);
  }
  /** By file in order of first mention, then by line. */
  rows(): ReportRow[] {
    const files = [...new Set([...this.#rows.values()].map(({ file }) => file))];
    const rank = new Map(files.map((file, index) => [file, index]));
    return [...this.#rows.values()].sort(
      (a, b) => (rank.get(a.file) ?? 0) - (rank.get(b.file) ?? 0) || a.line - b.line,
    );
  }
}

/** Where a key stands. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly key: string;
}
