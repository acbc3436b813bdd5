// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/token_trace.h"

#include <QString>
#include <QStringList>

#include <memory>
#include <variant>

namespace moescope::ui {

/** What is wrong with a line, and where. */
struct FilterError {
    qsizetype at = 0;     ///< UTF-16 units from the start of the line
    qsizetype length = 0; ///< 0 at the end of the line, where something is missing
    QString sentence;
};

/** A condition on what a router chose, as typed into the filter line: “layer > 3 && expert == 7 && weight < 0.4”.
 *
 *  It is asked of one token in one layer and one of the experts chosen there. A filter greys out what does not match; it
 *  never removes anything.
 *    names of numbers   token (from 1, as panels count), position (in the context, from 0), id, layer, expert, rank (0:
 *                       the first chosen), weight, prob, runnerup, margin, entropy (bits), sampled (the probability with
 *                       which the token was sampled)
 *    names of words     text, class
 *    comparisons        == (or =)  !=  <  <=  >  >=  and for words also ~ (contains; upper and lower case are the same)
 *    joined by          && (and)  || (or)  ! (not)  ( )
 *  A comparison with something that was not recorded is false. */
class Filter {
public:
    /** Matches everything. */
    Filter() = default;
    /** An empty line matches everything. */
    static std::variant<Filter, FilterError> parse(const QString& line);
    /** The names of numbers and words, for completion and help. */
    static QStringList names();

    bool isEmpty() const { return m_program == nullptr; }
    QString line() const { return m_line; }
    /** `token` counts from 0 within its answer; layer < router.moe_layers, rank < router.expert_used_count. */
    bool matches(const trace::TokenTrace& trace, int token, int layer, int rank) const;
    /** Any of the experts chosen there matches. */
    bool matchesAny(const trace::TokenTrace& trace, int token, int layer) const;

    struct Program; ///< in postfix order
private:
    QString m_line;
    std::shared_ptr<const Program> m_program;
};

} // namespace moescope::ui
