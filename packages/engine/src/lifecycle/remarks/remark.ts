// A remark on what stands in a document and has no effect: where, and what happens instead.
// SPDX-License-Identifier: Apache-2.0

/** The path is from the element on that the row is about. */
export type Remark = readonly [path: string, message: string];
export type Row<T> = (model: T) => Remark | undefined;

/** Undefined where nothing stands there. */
export const remark = (present: unknown, path: string, message: string): Remark | undefined =>
  present === undefined || present === false ? undefined : [path, message];
