// What the daemon remarks on an operation that succeeded, such as a limit that nothing keeps: a header beside the answer.
// SPDX-License-Identifier: Apache-2.0

/** The header that carries what the daemon remarks. */
export const remarksHeader = 'ctvirt-remarks';

/** Heads of answers are small. */
const maxRemarks = 8;
const maxCharacters = 500;

/** The header's text; undefined where nothing was remarked. */
export function formatRemarks(remarks: readonly string[]): string | undefined {
  const told = [...new Set(remarks)].slice(0, maxRemarks).map((remark) => remark.slice(0, maxCharacters));
  return told.length === 0 ? undefined : encodeURIComponent(JSON.stringify(told));
}

/** The remarks in a header; none where it is not one of ours. */
export function parseRemarks(header: string | undefined): string[] {
  if (header === undefined) return [];
  try {
    const remarks: unknown = JSON.parse(decodeURIComponent(header));
    return Array.isArray(remarks) ? remarks.filter((one): one is string => typeof one === 'string') : [];
  } catch {
    return []; // The answer itself is what was asked for.
  }
}
