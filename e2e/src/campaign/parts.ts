// Every part of the campaign by its name; a new one is its file and a line here.
// SPDX-License-Identifier: Apache-2.0
import { crowd } from './crowd.js';
import { cycles } from './cycles.js';
import { faults } from './faults.js';
import { kills } from './kills.js';
import { members } from './members.js';
import { networks } from './networks.js';
import type { Part } from './part.js';
import { remains } from './remains.js';
import { storage } from './storage.js';
import { thousand } from './thousand.js';

export const parts: Readonly<Record<string, Part>> = {
  kills,
  cycles,
  crowd,
  thousand,
  networks,
  members,
  faults,
  remains,
  storage,
};
