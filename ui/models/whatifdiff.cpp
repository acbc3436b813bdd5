// SPDX-License-Identifier: Apache-2.0
#include "ui/models/whatifdiff.h"

#include "ui/models/alignment.h"
#include "ui/models/tokenprobabilities.h"
#include "ui/models/tokentext.h"

#include <QStringList>

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace moescope::ui {

namespace {

/** Tokens that are read as one: a word with what stands behind it, up to the next space. */
struct Word {
    int first = 0;
    int count = 0;
    QString text;
};

QList<Word> wordsOf(const QList<trace::TokenTracePtr>& tokens, int from) {
    QList<Word> words;
    bool open = false;
    for (int token = from; token < tokens.size(); ++token) {
        const std::string& bytes = tokens.at(token)->text;
        const auto isSpace = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
        const bool begins = bytes.empty() || isSpace(bytes.front());
        if (!open || begins) {
            words.append({token, 0, {}});
        }
        ++words.last().count;
        words.last().text += QString::fromStdString(bytes);
        open = bytes.empty() || !isSpace(bytes.back());
    }
    return words;
}

QList<QString> textsOf(const QList<Word>& words) {
    QList<QString> texts;
    for (const Word& word : words) {
        texts.append(word.text);
    }
    return texts;
}

const trace::RouterTrace* routerOf(const DiffSide& side, int token) {
    if (token < 0 || token >= side.tokens.size() || !side.shape.fits(side.tokens.at(token)->router)) {
        return nullptr;
    }
    return &side.tokens.at(token)->router;
}

int expertOf(const trace::RouterTrace* router, int layer) {
    const bool known = router != nullptr && layer >= 0 && layer < static_cast<int>(router->moe_layers);
    return known ? router->experts[size_t(layer) * router->expert_used_count] : -1;
}

/** The chosen experts are the same, in whatever order; of a different number the first counts. */
bool choosesAlike(const trace::RouterTrace& a, const trace::RouterTrace& b, int layer) {
    if (a.expert_used_count != b.expert_used_count) {
        return expertOf(&a, layer) == expertOf(&b, layer);
    }
    const auto first = static_cast<std::ptrdiff_t>(layer) * a.expert_used_count;
    const auto chosen = a.experts.begin() + first;
    return std::is_permutation(chosen, chosen + a.expert_used_count, b.experts.begin() + first);
}

} // namespace

void WhatIfDiff::setSides(const DiffSide& untouched, const DiffSide& whatIf, const QString& recipe) {
    m_a = untouched;
    m_b = whatIf;
    m_recipe = recipe;
    m_rows.clear();
    m_divergence.clear();
    m_mostKl = 0;
    const int most = static_cast<int>(std::min(m_a.tokens.size(), m_b.tokens.size()));
    m_prefix = 0;
    while (m_prefix < most && m_a.tokens.at(m_prefix)->token == m_b.tokens.at(m_prefix)->token) {
        m_rows.append({m_prefix, m_prefix});
        ++m_prefix;
    }
    alignRest();
    m_rowOfA.assign(size_t(m_a.tokens.size()), -1);
    m_rowOfB.assign(size_t(m_b.tokens.size()), -1);
    m_pairs = 0;
    for (int row = 0; row < m_rows.size(); ++row) {
        const DiffRow& at = m_rows.at(row);
        if (at.a >= 0) {
            m_rowOfA[size_t(at.a)] = row;
        }
        if (at.b >= 0) {
            m_rowOfB[size_t(at.b)] = row;
        }
        m_pairs += at.isPair() ? 1 : 0;
    }
    findRouting();
    emit changed();
}

void WhatIfDiff::clear() {
    if (!isEmpty() || !m_rows.isEmpty()) {
        setSides({}, {}, {});
    }
}

void WhatIfDiff::alignRest() {
    const QList<Word> a = wordsOf(m_a.tokens, m_prefix);
    const QList<Word> b = wordsOf(m_b.tokens, m_prefix);
    const std::vector<int> partner = align(textsOf(a), textsOf(b));
    const auto alone = [this](const Word& word, bool ofA) {
        for (int token = word.first; token < word.first + word.count; ++token) {
            m_rows.append(ofA ? DiffRow{token, -1} : DiffRow{-1, token});
        }
    };
    int next = 0; // word of B
    for (int word = 0; word < a.size(); ++word) {
        const int other = partner[size_t(word)];
        if (other < 0) {
            alone(a.at(word), true);
            continue;
        }
        while (next < other) {
            alone(b.at(next++), false);
        }
        ++next;
        // The same letters may be cut into tokens in two ways.
        for (int i = 0; i < std::max(a.at(word).count, b.at(other).count); ++i) {
            m_rows.append(
                {i < a.at(word).count ? a.at(word).first + i : -1, i < b.at(other).count ? b.at(other).first + i : -1});
        }
    }
    while (next < b.size()) {
        alone(b.at(next++), false);
    }
}

void WhatIfDiff::findRouting() {
    m_routing = {};
    // Behind the first other word the tokens before differ, and with them the routing.
    for (int row = 0; row < m_prefix && m_routing.row < 0; ++row) {
        const trace::RouterTrace* a = routerOf(m_a, row);
        const trace::RouterTrace* b = routerOf(m_b, row);
        if (a == nullptr || b == nullptr) {
            continue;
        }
        for (int layer = 0; layer < static_cast<int>(std::min(a->moe_layers, b->moe_layers)); ++layer) {
            if (!choosesAlike(*a, *b, layer)) {
                m_routing = {row, layer};
                break;
            }
        }
    }
}

int WhatIfDiff::rowOf(qint64 run, int token) const {
    const std::vector<int>* rows = run == m_a.run ? &m_rowOfA : run == m_b.run ? &m_rowOfB : nullptr;
    return rows != nullptr && token >= 0 && size_t(token) < rows->size() ? (*rows)[size_t(token)] : -1;
}

int WhatIfDiff::expertA(int row, int layer) const { return expertOf(routerOf(m_a, m_rows.at(row).a), layer); }

int WhatIfDiff::expertB(int row, int layer) const { return expertOf(routerOf(m_b, m_rows.at(row).b), layer); }

int WhatIfDiff::sameLayers(int row) const {
    const trace::RouterTrace* a = routerOf(m_a, m_rows.at(row).a);
    const trace::RouterTrace* b = routerOf(m_b, m_rows.at(row).b);
    if (a == nullptr || b == nullptr) {
        return -1;
    }
    int same = 0;
    for (int layer = 0; layer < static_cast<int>(a->moe_layers); ++layer) {
        same += expertOf(a, layer) == expertOf(b, layer) ? 1 : 0;
    }
    return same;
}

QString WhatIfDiff::textA(int row) const {
    const int token = m_rows.at(row).a;
    return token < 0 ? QString() : tokenLabel(m_a.tokens.at(token)->text);
}

QString WhatIfDiff::textB(int row) const {
    const int token = m_rows.at(row).b;
    return token < 0 ? QString() : tokenLabel(m_b.tokens.at(token)->text);
}

void WhatIfDiff::setDivergence(const QList<trace::TokenDivergence>& divergence) {
    m_divergence = divergence.mid(0, m_a.tokens.size());
    m_mostKl = 0;
    for (const trace::TokenDivergence& at : m_divergence) {
        m_mostKl = std::max(m_mostKl, at.kl_bits);
    }
    emit divergenceChanged();
}

double WhatIfDiff::kl(int token) const {
    return token >= 0 && token < m_divergence.size() ? m_divergence.at(token).kl_bits : -1;
}

double WhatIfDiff::sumKl() const {
    return std::accumulate(m_divergence.begin(), m_divergence.end(), 0.0,
                           [](double sum, const trace::TokenDivergence& at) { return sum + at.kl_bits; });
}

double WhatIfDiff::probabilityA(int row) const {
    const int token = m_rows.at(row).a;
    return token < 0 ? -1 : double(m_a.tokens.at(token)->probability);
}

double WhatIfDiff::probabilityB(int row) const {
    const DiffRow& at = m_rows.at(row);
    if (row < m_prefix) {
        return double(m_b.tokens.at(at.b)->probability);
    }
    return at.a >= 0 && at.a < m_divergence.size() ? m_divergence.at(at.a).what_if_probability : -1;
}

WhatIfDiffTable::WhatIfDiffTable(WhatIfDiff* diff, QObject* parent)
    : TabularModel({tr("Token"), tr("Untouched"), tr("What if"), tr("Raw, %"), tr("With what-if, %"), tr("KL, bits"),
                    tr("Expert"), tr("Its expert"), tr("Same layers")},
                   parent),
      m_diff(diff) {
    connect(diff, &WhatIfDiff::changed, this, [this] { resetTo(static_cast<int>(m_diff->rows().size())); });
    connect(diff, &WhatIfDiff::divergenceChanged, this, [this] { setRows(rowCount(), true); });
    resetTo(static_cast<int>(diff->rows().size()));
}

void WhatIfDiffTable::setLayer(int layer) {
    if (layer != m_layer) {
        m_layer = layer;
        setRows(rowCount(), true);
    }
}

QVariant WhatIfDiffTable::raw(int row, int column) const {
    const auto known = [](double value) { return value < 0 ? QVariant() : QVariant(value); };
    const auto id = [](int value) { return value < 0 ? QVariant() : QVariant(value); };
    const DiffRow& at = m_diff->rows().at(row);
    switch (column) {
    case Token: return (at.a >= 0 ? at.a : at.b) + 1;
    case TextA: return at.a < 0 ? QVariant() : QVariant(m_diff->textA(row));
    case TextB: return at.b < 0 ? QVariant() : QVariant(m_diff->textB(row));
    case ProbabilityA: return known(m_diff->probabilityA(row) * 100);
    case ProbabilityB: return known(m_diff->probabilityB(row) * 100);
    case Kl: return known(m_diff->kl(at.a));
    case ExpertA: return id(m_diff->expertA(row, m_layer));
    case ExpertB: return id(m_diff->expertB(row, m_layer));
    case SameLayers: return id(m_diff->sameLayers(row));
    default: return {};
    }
}

QString WhatIfDiffTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    if (!value.isValid()) {
        return QStringLiteral("–");
    }
    switch (column) {
    case ProbabilityA:
    case ProbabilityB: return percentText(value.toDouble() / 100);
    case Kl: return bitsText(value.toDouble());
    case SameLayers: return tr("%1 of %2").arg(value.toInt()).arg(m_diff->layers());
    default: return value.toString();
    }
}

} // namespace moescope::ui
