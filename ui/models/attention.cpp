// SPDX-License-Identifier: Apache-2.0
#include "ui/models/attention.h"

#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"

#include <QCoreApplication>

#include <algorithm>
#include <numeric>

namespace moescope::ui {

namespace {

QString tr(const char* text) { return QCoreApplication::translate("Attention", text); }

QString rangeText(int first, int last) {
    return first == last ? groupedText(first) : QStringLiteral("%1–%2").arg(groupedText(first), groupedText(last));
}

QStringList labelsOf(const QList<AttentionState::Message>& messages) {
    QStringList labels;
    int asked = 0;
    int answered = 0;
    for (const AttentionState::Message& message : messages) {
        if (message.role == QLatin1String("user")) {
            labels.append(tr("You %1").arg(++asked));
        } else if (message.role == QLatin1String("assistant")) {
            ++answered;
            labels.append(&message == &messages.last() ? tr("This answer") : tr("Answer %1").arg(answered));
        } else if (message.role.isEmpty()) {
            labels.append(tr("Prompt"));
        } else {
            labels.append(message.role == QLatin1String("system") ? tr("System") : tr("Tool"));
        }
    }
    return labels;
}

} // namespace

AttentionState::AttentionState(std::shared_ptr<const trace::AttentionWeights> weights,
                               std::shared_ptr<const std::vector<std::string>> texts, QList<Message> messages)
    : m_weights(std::move(weights)), m_texts(std::move(texts)), m_messages(std::move(messages)),
      m_labels(labelsOf(m_messages)) {
    if (!m_weights->weights.empty()) {
        m_most = double(*std::max_element(m_weights->weights.begin(), m_weights->weights.end()));
    }
}

double AttentionState::weight(int head, int position) const { return maximum(head, position, position); }

double AttentionState::maximum(int head, int first, int last) const {
    if (head < 0) {
        double most = 0;
        for (int p = first; p <= last; ++p) {
            double sum = 0;
            for (int h = 0; h < heads(); ++h) {
                sum += double(m_weights->of(uint32_t(h))[size_t(p)]);
            }
            most = std::max(most, sum / heads());
        }
        return most;
    }
    const auto row = m_weights->of(uint32_t(head));
    return double(*std::max_element(row.begin() + first, row.begin() + last + 1));
}

double AttentionState::learnedSink(int head) const {
    if (!hasLearnedSinks()) {
        return 0;
    }
    const std::vector<float>& sinks = m_weights->sinks;
    return head >= 0 ? double(sinks[size_t(head)]) : std::accumulate(sinks.begin(), sinks.end(), 0.0) / heads();
}

int AttentionState::top(int head) const {
    const auto row = m_weights->of(uint32_t(head));
    return int(std::max_element(row.begin(), row.end()) - row.begin());
}

QList<int> AttentionState::tops(int head, int count) const {
    const auto row = m_weights->of(uint32_t(head));
    QList<int> order(positions());
    std::iota(order.begin(), order.end(), 0);
    const auto kept = std::clamp(count, 0, positions());
    std::partial_sort(order.begin(), order.begin() + kept, order.end(), [&](int a, int b) {
        return row[size_t(a)] != row[size_t(b)] ? row[size_t(a)] > row[size_t(b)] : a < b;
    });
    order.resize(kept);
    return order;
}

std::vector<double> AttentionState::binned(int head, int size) const {
    std::vector<double> bins;
    for (int first = 0; first < positions(); first += size) {
        bins.push_back(maximum(head, first, std::min(first + size, positions()) - 1));
    }
    return bins;
}

double AttentionState::shareOf(int head, int first, int last) const {
    if (head < 0) {
        double sum = 0;
        for (int h = 0; h < heads(); ++h) {
            sum += shareOf(h, first, last);
        }
        return sum / heads();
    }
    const auto row = m_weights->of(uint32_t(head));
    return std::accumulate(row.begin() + first, row.begin() + last + 1, 0.0);
}

QList<AttentionState::Mass> AttentionState::byDistance(int head) const {
    QList<Mass> masses;
    for (qint64 near = 0, far = 0; near < positions(); near = far + 1, far = near * 4 - 1) {
        const int furthest = int(std::min<qint64>(far, position()));
        const int first = position() - furthest;
        const int last = position() - int(near);
        masses.append({rangeText(int(near), furthest), first, last, shareOf(head, first, last)});
    }
    return masses;
}

QList<AttentionState::Mass> AttentionState::byMessage(int head) const {
    QList<Mass> masses;
    for (qsizetype i = 0; i < m_messages.size(); ++i) {
        const int end = i + 1 < m_messages.size() ? std::min(m_messages[i + 1].first, positions()) : positions();
        if (const int first = m_messages[i].first; first < end) {
            masses.append({m_labels[i], first, end - 1, shareOf(head, first, end - 1)});
        }
    }
    return masses;
}

QString AttentionState::messageAt(int position) const {
    for (qsizetype i = m_messages.size(); i-- > 0;) {
        if (m_messages[i].first <= position) {
            return m_labels[i];
        }
    }
    return {};
}

QString AttentionState::token(int position) const {
    return m_texts != nullptr && size_t(position) < m_texts->size() ? tokenLabel((*m_texts)[size_t(position)])
                                                                    : QString();
}

// --- twin ---

AttentionTable::AttentionTable(QObject* parent) : TabularModel({tr("Head")}, parent) {}

void AttentionTable::setState(const AttentionState& state, int head) {
    m_state = state;
    m_head = head < state.heads() ? head : -1;
    m_kinds.clear();
    m_rows.clear();
    QStringList titles;
    const auto column = [&](const QString& title, Kind kind) {
        titles.append(title);
        m_kinds.append(kind);
    };
    if (m_head >= 0) {
        column(tr("Position"), Kind::Number);
        column(tr("Token"), Kind::Words);
        column(tr("Message"), Kind::Words);
        column(tr("Distance"), Kind::Number);
        column(tr("Weight, %"), Kind::Percent);
        resetTo(m_state.positions(), titles);
        return;
    }
    column(tr("Head"), Kind::Number);
    column(tr("First token, %"), Kind::Percent);
    if (m_state.hasLearnedSinks()) {
        column(tr("Learned sink, %"), Kind::Percent);
    }
    column(tr("Most at"), Kind::Number);
    column(tr("Token"), Kind::Words);
    column(tr("Weight, %"), Kind::Percent);
    if (!m_state.isEmpty()) {
        for (const AttentionState::Mass& mass : m_state.byDistance(0)) {
            column(tr("Distance %1, %").arg(mass.label), Kind::Percent);
        }
        for (const AttentionState::Mass& mass : m_state.byMessage(0)) {
            column(tr("%1, %").arg(mass.label), Kind::Percent);
        }
    }
    m_rows.resize(size_t(m_state.heads()));
    resetTo(m_state.heads(), titles);
}

const std::vector<QVariant>& AttentionTable::rowOf(int head) const {
    std::vector<QVariant>& cells = m_rows[size_t(head)];
    if (cells.empty()) {
        cells = {head, 100 * m_state.weight(head, 0)};
        if (m_state.hasLearnedSinks()) {
            cells.emplace_back(100 * m_state.learnedSink(head));
        }
        const int top = m_state.top(head);
        cells.insert(cells.end(), {top + 1, m_state.token(top), 100 * m_state.weight(head, top)});
        for (const QList<AttentionState::Mass>& masses : {m_state.byDistance(head), m_state.byMessage(head)}) {
            for (const AttentionState::Mass& mass : masses) {
                cells.emplace_back(100 * mass.share);
            }
        }
    }
    return cells;
}

QVariant AttentionTable::raw(int row, int column) const {
    if (m_head < 0) {
        return rowOf(row)[size_t(column)];
    }
    switch (column) {
    case 0: return row + 1;
    case 1: return m_state.token(row);
    case 2: return m_state.messageAt(row);
    case 3: return m_state.position() - row;
    default: return 100 * m_state.weight(m_head, row);
    }
}

QString AttentionTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    switch (m_kinds[column]) {
    case Kind::Number: return groupedText(value.toLongLong());
    case Kind::Percent: return QString::number(value.toDouble(), 'f', 1);
    case Kind::Words: break;
    }
    return value.toString();
}

bool AttentionTable::isText(int column) const { return column < m_kinds.size() && m_kinds[column] == Kind::Words; }

} // namespace moescope::ui
