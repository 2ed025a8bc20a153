// What is measured of limits and their accounting: one file for each row.
// SPDX-License-Identifier: Apache-2.0
import { change } from './change.mjs';
import { profile } from './profile.mjs';
import { report } from './report.mjs';

export const qosRows = [change, report, profile];
