// virDomainMetadataType.
// SPDX-License-Identifier: Apache-2.0
/** Which text of a domain a call is about, by its number on the wire. */
export const metadataTypes = { description: 0, title: 1, element: 2 } as const;
