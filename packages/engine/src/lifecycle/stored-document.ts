// Reads a document that this engine has written.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, parseDomain, writtenLimits } from '@ctvirt/xml';
import { EngineError } from '../errors.js';

/** The domain of a stored document; throws `internal` if somebody else has changed it beyond reading. */
export function readStored(xml: string, name: string): Domain {
  const { domain, findings } = parseDomain(xml, { limits: writtenLimits });
  if (domain === undefined)
    throw new EngineError(
      'internal',
      `the stored document of domain '${name}' cannot be read: ${findings[0]?.message ?? ''}`,
      { findings },
    );
  return domain;
}
