// libxml2 as the judge of a RELAX NG grammar.
// SPDX-License-Identifier: Apache-2.0
// biome-ignore lint/correctness/noUndeclaredDependencies: an oracle for tests; the repository's root has it
import { RelaxNGValidator, XmlDocument } from 'libxml2-wasm';

/** A function that tells why libxml2 refuses a document by the grammar; undefined when it accepts. */
export function grammarOracle(grammar: string): (text: string) => string | undefined {
  using document = XmlDocument.fromString(grammar);
  const rng = RelaxNGValidator.fromDoc(document);
  return (text) => {
    try {
      using parsed = XmlDocument.fromString(text);
      rng.validate(parsed);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
}
