// SPDX-License-Identifier: Apache-2.0
// Of several workgroups of a dispatch the one that finishes last goes on with what all of them have written. None waits for
// another, so no order among them is assumed. The including shader binds `counters`, which hold 0 before and after; what the
// workgroups leave for the last one lies in coherent buffers.
shared uint done_before;

// Whether this workgroup is the last of `workgroups` that count in `counter`: then it sees what the others wrote. For all
// invocations alike, once a dispatch.
bool isLastDone(uint counter, uint workgroups) {
    memoryBarrierBuffer();
    barrier();
    if (gl_LocalInvocationID.x == 0u) {
        done_before = atomicAdd(counters[counter], 1u);
        if (done_before + 1u == workgroups) {
            atomicExchange(counters[counter], 0u);  // for the next dispatch, and the next submission of this one
        }
    }
    barrier();
    memoryBarrierBuffer();
    return done_before + 1u == workgroups;
}
