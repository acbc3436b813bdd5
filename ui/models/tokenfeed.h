// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/tracemodel.h"

namespace moescope::ui {

/** Hands out the routed tokens of a scope, each once: who counts them need not begin anew while an answer grows, and
 *  reads nothing while it does not ask. */
class TokenFeed {
public:
    /** True if what was read counts no more, and reading starts again: the first time, in another scope, when answers
     *  or the window changed. */
    bool restart(const TraceModel& trace, Scope scope) {
        if (m_started && scope == m_scope && trace.revision() == m_revision &&
            (scope != Scope::Window || trace.window() == m_window)) {
            return false;
        }
        m_started = true;
        m_scope = scope;
        m_revision = trace.revision();
        m_window = trace.window();
        m_read.clear();
        return true;
    }
    /** The next read begins at the first token again. */
    void rewind() { m_started = false; }

    /** `visit(run, token)` for each token of the scope that was not read yet and has routing, answers by number.
     *  restart() comes first. Returns how many. */
    template <typename Visit>
    int read(const TraceModel& trace, Visit visit) {
        int visited = 0;
        for (const qint64 run : trace.runs(m_scope)) {
            int& read = m_read[run];
            const bool window = m_scope == Scope::Window;
            const int end = window ? m_window.last + 1 : trace.tokenCount(run);
            read = std::max(read, window ? m_window.first : 0);
            for (; read >= 0 && read < end; ++read) {
                if (trace.router(run, read) != nullptr) {
                    visit(run, read);
                    ++visited;
                }
            }
        }
        return visited;
    }

private:
    bool m_started = false;
    Scope m_scope = Scope::Answer;
    quint64 m_revision = 0;
    TokenWindow m_window;
    QHash<qint64, int> m_read; ///< tokens read of each answer
};

} // namespace moescope::ui
