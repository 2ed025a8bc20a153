// virDomainMetadataType.
// SPDX-License-Identifier: Apache-2.0
export const metadataTypes = { description: 0, title: 1, element: 2 } as const;
