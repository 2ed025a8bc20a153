// What running containers costs: one file for each row.
// SPDX-License-Identifier: Apache-2.0
import { commands } from './commands.mjs';
import { define } from './define.mjs';
import { boot, list } from './defined.mjs';
import { files } from './files.mjs';
import { many } from './many.mjs';
import { start } from './start.mjs';

export const rows = [start, define, files, many, boot, list, commands];
