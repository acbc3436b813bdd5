// SPDX-License-Identifier: Apache-2.0
// The part of InferenceWorker that keeps states of the KV cache on the disk: restored before a prompt is read, saved while nothing
// else waits.
#include "app/controller/inferenceworker.h"
#include "app/controller/modelcards.h"

#include <algorithm>

namespace moescope::controller {

void InferenceWorker::keepStates(StatesJob job) {
    post([this, job = std::move(job)] { doKeepStates(job); });
}

void InferenceWorker::doKeepStates(const StatesJob& job) {
    m_states.reset();
    m_store.reset();
    m_budget = job.budget;
    if (!job.folder.empty()) {
        m_store = std::make_unique<session::KvStore>(job.folder);
        m_store->shrinkTo(m_budget);
        tellStates();
    }
    if (m_budget == 0) {
        m_store.reset();
    }
    openStates();
}

void InferenceWorker::openStates() {
    // A model that was loaded while none were kept has no fingerprint, and none is taken while it answers.
    if (m_engine && m_store && m_engine->hasKvKey()) {
        m_states.emplace(*m_engine, *m_store, m_budget);
    }
}

namespace {

QByteArray bytesOf(const session::BlockId& id) {
    return {reinterpret_cast<const char*>(id.bytes.data()), static_cast<qsizetype>(id.bytes.size())};
}

} // namespace

void InferenceWorker::tellStates() {
    if (m_store) {
        MovedStates moved;
        for (const auto& [from, to] : m_store->takeMoves()) {
            moved.append({bytesOf(from), to ? bytesOf(*to) : QByteArray()});
        }
        if (!moved.isEmpty()) {
            m_events.states_moved(moved);
        }
    }
    const quint64 bytes = m_store ? m_store->bytes() : 0;
    if (std::exchange(m_statesTold, bytes) != bytes) {
        m_events.states_kept(bytes);
    }
}

void InferenceWorker::keepOnly(std::vector<session::BlockId> leaves) {
    post([this, leaves = std::move(leaves)] {
        if (m_store) {
            m_store->keepOnly(leaves);
            tellStates();
        }
    });
}

void InferenceWorker::restoreState(const GenerateJob& job, std::span<const int32_t> prompt) {
    if (!m_states) {
        return;
    }
    RestoredState told;
    try {
        m_engine->intervene(job.intervention);
        const auto cached = m_engine->cachedTokens();
        const auto held =
            std::mismatch(cached.begin(), cached.end(), prompt.begin(), prompt.end()).first - cached.begin();
        inference::Restored restored = m_states->restore(prompt, &m_cancel);
        told = {restored.read, std::move(restored.reason)};
        if (job.saved_key.empty()) { // what another chat has in common is no state of this one
            told.reason = told.reason && told.reason->id() == "session.prefix" ? std::nullopt : told.reason;
        } else if (told.tokens == 0 && !told.reason && static_cast<size_t>(held) < prompt.size() / 2) {
            if (const std::optional<session::KvKey> saved = session::keyFromText(job.saved_key)) {
                told.reason = session::difference(*saved, m_engine->kvKey());
            }
            if (!told.reason) {
                told.reason.emplace("session.evicted",
                                    "What was saved of this conversation made room for newer states.");
            }
        }
    } catch (const trace::Error& error) {
        if (error.id() == deviceLost || error.id() == cancelled) {
            throw;
        }
        told.reason = error; // the prompt is read afresh
    }
    tellStates(); // what was damaged is removed
    m_events.restored(job.id, told);
}

void InferenceWorker::saveState(qint64 answer) {
    if (!m_states) {
        return;
    }
    ++m_savesWaiting;
    post([this, answer, written = std::make_shared<uint64_t>(0)] {
        --m_savesWaiting;
        if (!m_states || m_cachedAnswer != answer) {
            return; // the next one saves what both have in common
        }
        try {
            if (const std::optional<uint64_t> bytes = m_states->saveNext()) {
                *written += *bytes;
                tellStates();
                saveState(answer);
                return;
            }
            if (const std::optional<session::BlockId> leaf = m_states->leaf()) {
                m_events.saved(answer, {bytesOf(*leaf), session::toText(m_engine->kvKey()), *written});
            }
        } catch (...) {
            const trace::Error error = currentError();
            m_events.not_saved(answer, error);
            if (error.id() == deviceLost) {
                recoverDevice(noAnswer, error);
            }
        }
    });
}

} // namespace moescope::controller
