// What the first sight has and other screens share, in one file: each that some of them share alone would be a request of its own.
// SPDX-License-Identifier: Apache-2.0
import './parts/badges.js';
import './parts/dialog.js';
import './parts/events.js';
import './parts/field.js';
import './parts/gauge.js';
import './parts/lone.js';
import './parts/table.js';
import './paths.js';
import './router.js';
import './state/again.js';
import './state/domains.js';
import './state/events.js';
import './state/filter.js';
import './state/notes.js';
import './state/order.js';
import './state/session.js';
import './state/tab.js';
import './state/theme.js';
import './state/told.js';
