// What the first sight has and other screens share, in one file, which the build has each of them load: each that some of them share
// alone would be a request of its own.
// SPDX-License-Identifier: Apache-2.0
import './parts/badges.js';
import './parts/deeds.js';
import './parts/dialog.js';
import './parts/events.js';
import './parts/field.js';
import './parts/gauge.js';
import './parts/lone.js';
import './parts/part.js';
import './parts/promise.js';
import './parts/spark.js';
import './parts/table.js';
import './paths.js';
import './router.js';
import './screens/no-domains.js';
import './state/actions.js';
import './state/again.js';
import './state/domains.js';
import './state/events.js';
import './state/filter.js';
import './state/host.js';
import './state/notes.js';
import './state/order.js';
import './state/session.js';
import './state/tab.js';
import './state/theme.js';
import './state/told.js';
