// What is measured of the console and what it shows: one file for each row.
// SPDX-License-Identifier: Apache-2.0
import { history } from './history.mjs';
import { scrape } from './scrape.mjs';

export const webRows = [history, scrape];
