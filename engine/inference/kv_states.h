// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/kv_session.h"
#include "engine/session/kv_store.h"

#include <optional>
#include <span>
#include <vector>

namespace moescope::inference {

/** States of one engine's KV cache in a folder of blocks: restored before a prompt is read, saved a block at a time while nothing
 *  else is to be done. States that begin alike share their blocks: a branch is a copy on write, of whole blocks. */
class KvStates {
public:
    /** `budget`: bytes that all states in `store` may take. */
    KvStates(Engine& engine, session::KvStore& store, uint64_t budget)
        : m_engine(engine), m_store(store), m_budget(budget) {}

    /** Puts into the KV cache what the store has of `prompt`, if that is more than the cache holds of it. The engine's intervention
     *  must be that of the run to come. A reason is given where a block could not be used. Throws trace::Error{work.cancelled} and
     *  what a lost device throws. */
    Restored restore(std::span<const int32_t> prompt, trace::CancelFlag cancel = nullptr);

    /** Writes the next block that the store does not have of what the KV cache holds; the bytes written, nothing once all are
     *  there. States that were used longest ago make room. Throws trace::Error{session.budget} for a state larger than the budget,
     *  and as gguf::AtomicFile does. */
    std::optional<uint64_t> saveNext();
    /** The last block of what the KV cache holds, once all of it is saved; nothing of an empty one. */
    std::optional<session::BlockId> leaf();
    /** That all blocks of what the KV cache holds take, or would, at most. */
    uint64_t bytesOfState() const;

    void setBudget(uint64_t budget) { m_budget = budget; }

private:
    /** A block that is saved and stands in the KV cache. */
    struct Known {
        session::BlockId id;
        uint32_t end = 0;  ///< tokens up to here
        uint64_t mark = 0; ///< Engine::cacheMark() of the last of them
        bool used = true;  ///< said to the store since all was saved last
    };

    /** Drops what the KV cache does not hold any more, or the store. */
    void refresh();
    void remember(const session::BlockId& id, uint32_t end);

    Engine& m_engine;
    session::KvStore& m_store;
    uint64_t m_budget;
    std::vector<Known> m_known; ///< from the front on, without a gap
};

} // namespace moescope::inference
