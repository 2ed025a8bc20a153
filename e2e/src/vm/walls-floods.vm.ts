// The floods again where root has CAP_SYS_RESOURCE: there the monitor gets the descriptors that the daemon has not.
// SPDX-License-Identifier: Apache-2.0
import '../stories/walls-floods.e2e.js';
