// Reads documents that this engine has written.
// SPDX-License-Identifier: Apache-2.0
import {
  type DocumentModel,
  type Domain,
  describeFinding,
  parseDocument,
  parseDomain,
  writtenLimits,
} from '@ctvirt/xml';
import { EngineError } from '../errors.js';

/**
 * The domain of a stored document; throws `internal` if somebody else has changed it beyond reading. `remark` is told what an older
 * version let in and this one refuses.
 */
export function readStored(xml: string, name: string, remark?: (message: string) => void): Domain {
  const { domain, findings } = parseDomain(xml, { limits: writtenLimits, stored: true });
  if (domain === undefined)
    throw new EngineError(
      'internal',
      `the stored document of domain '${name}' cannot be read: ${findings[0]?.message ?? ''}`,
      { findings },
    );
  for (const finding of findings)
    if (finding.code === 'no-longer-accepted')
      remark?.(`domain '${name}' was defined by an older version: ${describeFinding(finding)}`);
  return domain;
}

/** The network or filter in a file of its own, with the UUID that it was given when it was defined; throws `internal` likewise. */
export function readWritten<K extends 'network' | 'filter'>(
  kind: K,
  text: string,
  path: string,
): DocumentModel<K> & { readonly uuid: string } {
  const { model, findings } = parseDocument(kind, text, { limits: writtenLimits, stored: true });
  if (model?.uuid === undefined)
    throw new EngineError('internal', `${path} cannot be read: ${findings[0]?.message ?? 'it has no UUID'}`, {
      path,
      findings,
    });
  return { ...model, uuid: model.uuid };
}
