// The protocol table: saved state of domains: save and restore, snapshots, checkpoints, dumps, jobs.
// SPDX-License-Identifier: Apache-2.0
import { int, list, uhyper, uint } from '../xdr.js';
import {
  domain,
  domainCheckpoint,
  domainSnapshot,
  maxObjects,
  names,
  optStr,
  str,
  typedParams,
} from './objects.js';
import { guarded, read, write } from './row.js';

const dom = domain;
const snap = domainSnapshot;
const checkpoint = domainCheckpoint;
const flagged = { dom, flags: uint };
const snapFlagged = { snap, flags: uint };
const checkpointFlagged = { checkpoint, flags: uint };
const xmlResult = { xml: str };
const saveParams = typedParams(64);
const snapshots = { snapshots: list(domainSnapshot, maxObjects), ret: int };
const checkpoints = { checkpoints: list(domainCheckpoint, maxObjects), ret: int };
/** Flag bit with which a description shows secrets. */
const secure = 1;

/** Procedures on saved states and jobs; times of a job are milliseconds, sizes bytes. */
export const domainStateCalls = {
  domainSave: write(55, { dom, to: str }),
  domainSaveFlags: write(232, { dom, to: str, dxml: optStr, flags: uint }),
  domainSaveParams: write(440, { dom, params: saveParams, flags: uint }),
  domainRestore: write(54, { from: str }),
  domainRestoreFlags: write(233, { from: str, dxml: optStr, flags: uint }),
  domainRestoreParams: write(441, { params: saveParams, flags: uint }),
  domainSaveImageGetXmlDesc: write(235, { file: str, flags: uint }, xmlResult),
  domainSaveImageDefineXml: write(236, { file: str, dxml: str, flags: uint }),
  domainManagedSave: write(182, flagged),
  domainHasManagedSaveImage: read(183, flagged, { result: int }),
  domainManagedSaveRemove: write(184, flagged),
  domainManagedSaveGetXmlDesc: guarded(388, 'flags', secure, flagged, xmlResult),
  domainManagedSaveDefineXml: write(389, { dom, dxml: optStr, flags: uint }),
  domainCoreDump: write(53, { dom, to: str, flags: uint }),
  domainCoreDumpWithFormat: write(334, { dom, to: str, dumpformat: uint, flags: uint }),

  domainGetJobInfo: read(
    163,
    { dom },
    {
      type: int,
      timeElapsed: uhyper,
      timeRemaining: uhyper,
      dataTotal: uhyper,
      dataProcessed: uhyper,
      dataRemaining: uhyper,
      memTotal: uhyper,
      memProcessed: uhyper,
      memRemaining: uhyper,
      fileTotal: uhyper,
      fileProcessed: uhyper,
      fileRemaining: uhyper,
    },
  ),
  domainGetJobStats: read(298, flagged, { type: int, params: typedParams(64) }),
  domainAbortJob: write(164, { dom }),
  domainAbortJobFlags: write(442, flagged),
  domainStartDirtyRateCalc: write(427, { dom, seconds: int, flags: uint }),

  domainSnapshotCreateXml: write(185, { dom, xmlDesc: str, flags: uint }, { snap }),
  domainSnapshotGetXmlDesc: guarded(186, 'flags', secure, snapFlagged, xmlResult),
  domainSnapshotNum: read(187, flagged, { num: int }),
  domainSnapshotListNames: read(188, { dom, maxnames: int, flags: uint }, { names }),
  domainSnapshotLookupByName: read(189, { dom, name: str, flags: uint }, { snap }),
  domainHasCurrentSnapshot: read(190, flagged, { result: int }),
  domainSnapshotCurrent: read(191, flagged, { snap }),
  domainRevertToSnapshot: write(192, snapFlagged),
  domainSnapshotDelete: write(193, snapFlagged),
  domainSnapshotGetParent: read(244, snapFlagged, { snap }),
  domainSnapshotNumChildren: read(246, snapFlagged, { num: int }),
  domainSnapshotListChildrenNames: read(247, { snap, maxnames: int, flags: uint }, { names }),
  domainSnapshotIsCurrent: read(271, snapFlagged, { current: int }),
  domainSnapshotHasMetadata: read(272, snapFlagged, { metadata: int }),
  domainListAllSnapshots: read(274, { dom, needResults: int, flags: uint }, snapshots),
  domainSnapshotListAllChildren: read(
    275,
    { snapshot: domainSnapshot, needResults: int, flags: uint },
    snapshots,
  ),

  domainCheckpointCreateXml: write(411, { dom, xmlDesc: str, flags: uint }, { checkpoint }),
  domainCheckpointGetXmlDesc: guarded(412, 'flags', secure, checkpointFlagged, xmlResult),
  domainListAllCheckpoints: read(413, { dom, needResults: int, flags: uint }, checkpoints),
  domainCheckpointListAllChildren: read(414, { checkpoint, needResults: int, flags: uint }, checkpoints),
  domainCheckpointLookupByName: read(415, { dom, name: str, flags: uint }, { checkpoint }),
  domainCheckpointGetParent: read(416, checkpointFlagged, { parent: domainCheckpoint }),
  domainCheckpointDelete: write(417, checkpointFlagged),
};
