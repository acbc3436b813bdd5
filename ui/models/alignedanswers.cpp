// SPDX-License-Identifier: Apache-2.0
#include "ui/models/alignedanswers.h"

#include "ui/models/tokentext.h"

#include <algorithm>

namespace moescope::ui {

AlignedAnswers::AlignedAnswers(const RunComparison& pair, Comparison::Unit unit) {
    const bool words = unit == Comparison::Unit::Words;
    const Alignment& alignment = words ? pair.words : pair.tokens;
    const int ofA = words ? static_cast<int>(pair.words_a.size()) : pair.a->size();
    const int ofB = words ? static_cast<int>(pair.words_b.size()) : pair.b->size();
    m_approximate = alignment.approximate;
    m_rowOf[0].assign(size_t(ofA), -1);
    m_rowOf[1].assign(size_t(ofB), -1);
    const auto add = [this](int a, int b, bool same) {
        const int row = static_cast<int>(m_rows.size());
        m_rows.push_back({a, b, same});
        m_same += same ? 1 : 0;
        if (a >= 0) {
            m_rowOf[0][size_t(a)] = row;
        }
        if (b >= 0) {
            m_rowOf[1][size_t(b)] = row;
        }
    };
    int a = 0;
    int b = 0;
    while (a < ofA || b < ofB) {
        int nextA = a;
        while (nextA < ofA && alignment.partner[size_t(nextA)] < 0) {
            ++nextA;
        }
        const int nextB = nextA < ofA ? alignment.partner[size_t(nextA)] : ofB;
        for (; a < nextA || b < nextB; a += a < nextA ? 1 : 0, b += b < nextB ? 1 : 0) {
            add(a < nextA ? a : -1, b < nextB ? b : -1, false);
        }
        if (nextA < ofA) {
            add(a++, b++, true);
        }
    }
}

AnswersTable::AnswersTable(Comparison* comparison, QObject* parent)
    : TabularModel({tr("Row"), tr("Text A"), tr("Text B"), tr("Same")}, parent), m_comparison(comparison) {}

Comparison::Unit AnswersTable::unit() const {
    return m_comparison->canAlignTokens() ? m_comparison->unit() : Comparison::Unit::Words;
}

void AnswersTable::refresh() {
    const std::shared_ptr<const RunComparison>& pair = m_comparison->pair();
    if (pair == m_pair && unit() == m_unit) {
        return;
    }
    m_pair = pair;
    m_unit = unit();
    m_answers = pair != nullptr ? AlignedAnswers(*pair, m_unit) : AlignedAnswers();
    resetTo(static_cast<int>(m_answers.rows().size()));
}

int AnswersTable::rowOf(Side side, int token) const {
    if (m_pair == nullptr || m_pair != m_comparison->pair() || token < 0) {
        return -1;
    }
    if (m_unit == Comparison::Unit::Tokens) {
        return token < m_answers.count(side) ? m_answers.rowOf(side, token) : -1;
    }
    const RunTrace& run = side == Side::A ? *m_pair->a : *m_pair->b;
    const std::vector<AnswerWord>& words = side == Side::A ? m_pair->words_a : m_pair->words_b;
    if (token >= run.size()) {
        return -1;
    }
    // A token's space is the end of the word before it: its letters count.
    int byte = run.begin(token);
    while (byte + 1 < run.end(token) && (run.bytes()[size_t(byte)] == ' ' || run.bytes()[size_t(byte)] == '\n')) {
        ++byte;
    }
    const auto word =
        std::upper_bound(words.begin(), words.end(), byte, [](int at, const AnswerWord& w) { return at < w.end; });
    return word == words.end() ? -1 : m_answers.rowOf(side, static_cast<int>(word - words.begin()));
}

int AnswersTable::tokenOf(Side side, int row) const {
    if (m_pair == nullptr || row < 0 || row >= static_cast<int>(m_answers.rows().size())) {
        return -1;
    }
    const AlignedAnswers::Row& at = m_answers.rows()[size_t(row)];
    const int element = side == Side::A ? at.a : at.b;
    if (element < 0 || m_unit == Comparison::Unit::Tokens) {
        return element;
    }
    const RunTrace& run = side == Side::A ? *m_pair->a : *m_pair->b;
    return run.tokenAt((side == Side::A ? m_pair->words_a : m_pair->words_b)[size_t(element)].begin);
}

QString AnswersTable::textOf(Side side, int element) const {
    if (element < 0) {
        return {};
    }
    const RunTrace& run = side == Side::A ? *m_pair->a : *m_pair->b;
    if (m_unit == Comparison::Unit::Tokens) {
        return tokenLabel(std::string(run.text(element)));
    }
    const AnswerWord& word = (side == Side::A ? m_pair->words_a : m_pair->words_b)[size_t(element)];
    return QString::fromUtf8(run.bytes().data() + word.begin, word.text_end - word.begin);
}

QVariant AnswersTable::raw(int row, int column) const {
    if (m_pair == nullptr || m_pair != m_comparison->pair()) {
        return {}; // another pair, and the panel was not asked to show it yet
    }
    const AlignedAnswers::Row& at = m_answers.rows()[size_t(row)];
    switch (column) {
    case Number: return row + 1;
    case TextA: return textOf(Side::A, at.a);
    case TextB: return textOf(Side::B, at.b);
    case Same: return at.same ? tr("yes") : tr("no");
    default: return {};
    }
}

} // namespace moescope::ui
