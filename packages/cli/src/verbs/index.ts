// Every verb, in the order of help; a new one is its file and a line here.
// SPDX-License-Identifier: Apache-2.0
import type { Verb } from '../verb.js';
import { create } from './domain-create.js';
import { define } from './domain-define.js';
import { destroy } from './domain-destroy.js';
import { dominfo } from './domain-dominfo.js';
import { dumpxml } from './domain-dumpxml.js';
import { list } from './domain-list.js';
import { start } from './domain-start.js';
import { help } from './help-show.js';

export const verbs: readonly Verb[] = [
  list,
  define,
  create,
  start,
  destroy,
  dominfo,
  dumpxml,
  help(() => verbs),
];
