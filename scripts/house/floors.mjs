// The floors of the engine's folders, from top to bottom: imports go to a floor below. A new folder gets its place here.
// SPDX-License-Identifier: Apache-2.0

export const floors = [
  ['index'],
  ['engine'],
  ['build'],
  ['assets', 'explained', 'domains'],
  ['adoption', 'quota'],
  ['guarantees', 'events', 'documents', 'template-catalog', 'profiles'],
  ['drivers/lxc/accounting'],
  ['drivers/lxc', 'drivers/memory'],
  ['drivers/lxc/facets'],
  ['lifecycle', 'changes'],
  ['placement', 'network', 'walls'],
  ['drivers', 'attach'],
  ['state', 'storage'],
  ['guest', 'cgroups', 'templates'],
  ['host'],
  ['errors'],
  ['contract'],
  ['view', 'log'],
];
