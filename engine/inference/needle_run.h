// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/engine.h"
#include "engine/needle/grid_file.h"

#include <filesystem>
#include <memory>
#include <string>

namespace moescope::inference {

/** What a grid of needles is run with. */
struct NeedleJob {
    needle::GridPlan plan;       ///< model, device, haystack and type of KV cache are filled in
    std::string haystack;        ///< its text
    std::string haystack_name;   ///< for messages
    std::filesystem::path state; ///< needle::GridFile
    bool resume = false;         ///< what `state` holds is gone on from
};

/** A grid of needles on a loaded model, a case at a time: the same results whatever ran before, and however often it was ended. */
class NeedleRun {
public:
    /** The engine was loaded with LoadOptions::sessions, and outlives this. Throws as Haystack, CaseMaker::make() and GridFile do:
     *  what cannot be made is known before the first case runs. */
    NeedleRun(Engine& engine, NeedleJob job, trace::CancelFlag cancel = nullptr);

    const needle::Grid& grid() const { return m_grid; }
    size_t resumed() const { return m_file->resumed(); } ///< cases that were over before
    /** The next case, from an empty KV cache; false if it was cancelled, and counts for nothing. The grid is not done. */
    bool runNext(trace::CancelFlag cancel = nullptr);
    needle::NeedleCase caseOf(const needle::CaseId& id, trace::CancelFlag cancel = nullptr) const {
        return m_maker.make(id, cancel);
    }
    /** Of a grid that is done and written elsewhere. */
    void removeState() { m_file->remove(); }

private:
    Engine& m_engine;
    needle::Haystack m_haystack;
    needle::CaseMaker m_maker;
    needle::Grid m_grid;
    std::unique_ptr<needle::GridFile> m_file;
};

} // namespace moescope::inference
