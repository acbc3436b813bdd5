// SPDX-License-Identifier: Apache-2.0
#include "ui/models/tokenclasses.h"

namespace moescope::ui {

const QList<TokenClass>& tokenClasses() {
    static const QList<TokenClass> all = {TokenClass::Word,        TokenClass::Cjk,    TokenClass::Digits,
                                          TokenClass::Punctuation, TokenClass::Symbol, TokenClass::Whitespace,
                                          TokenClass::LineBreak,   TokenClass::Mixed,  TokenClass::Bytes};
    return all;
}

int tokenClassRow(TokenClass kind) { return static_cast<int>(tokenClasses().indexOf(kind)); }

bool ClassesByExpert::update(const TraceModel& trace, Scope scope, int layer) {
    const TraceShape& shape = trace.shape();
    const bool possible = layer >= 0 && layer < shape.layers;
    const bool other = layer != m_layer;
    m_layer = layer;
    const bool again = m_feed.restart(trace, scope) || other;
    if (again) {
        m_matrix = possible ? LiftMatrix(static_cast<int>(tokenClasses().size()), shape.experts) : LiftMatrix();
        m_feed.rewind();
        m_feed.restart(trace, scope);
    }
    if (!possible) {
        return again;
    }
    const int counted = m_feed.read(trace, [&](qint64 run, int token) {
        const std::string& text = trace.token(run, token).text;
        auto row = m_rows.find(text);
        if (row == m_rows.end()) {
            row = m_rows.emplace(text, tokenClassRow(tokenClass(text))).first;
        }
        const trace::RouterTrace& router = *trace.router(run, token);
        m_matrix.addToken();
        m_matrix.addRow(row->second);
        for (uint32_t k = 0; k < router.expert_used_count; ++k) {
            const int expert = router.experts[size_t(layer) * router.expert_used_count + k];
            m_matrix.addColumn(expert);
            m_matrix.addCell(row->second, expert,
                             trace.filter().matches(trace.token(run, token), token, layer, int(k)));
        }
    });
    m_counted += counted;
    return again || counted > 0;
}

} // namespace moescope::ui
