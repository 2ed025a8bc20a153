// Resource parameters by OpenVZ's names: an edit of the document like any other.
// SPDX-License-Identifier: Apache-2.0
import { FormatError, setParameters } from '@ctvirt/formats';
import { EngineError } from '../errors.js';
import type { Edit } from './definer.js';
import type { HostFacts } from './document.js';

/** Sets values in vzctl's spelling; the edit throws `invalid` for those that cannot be. */
export const parameterEdit =
  (values: Readonly<Record<string, string>>, facts: HostFacts): Edit =>
  (domain) => {
    try {
      return setParameters(domain, values, facts);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new EngineError('invalid', cause.message, { ...cause.at }, { cause });
    }
  };
