// What is measured of the console and what it shows: one file for each row.
// SPDX-License-Identifier: Apache-2.0
import { cat } from './cat.mjs';
import { history } from './history.mjs';
import { live } from './live.mjs';
import { pages } from './pages.mjs';
import { scrape } from './scrape.mjs';
import { yes } from './yes.mjs';

export const webRows = [pages, live, history, scrape, yes, cat];
