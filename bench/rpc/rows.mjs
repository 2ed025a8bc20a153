// What of libvirt's protocol is measured: one file for each row.
// SPDX-License-Identifier: Apache-2.0
import { bulk } from './bulk.mjs';
import { client } from './client.mjs';
import { info } from './info.mjs';
import { list } from './list.mjs';
import { start } from './start.mjs';

export const rpcRows = [info, list, bulk, start, client];
