// SPDX-License-Identifier: Apache-2.0
#include "ui/models/tokenprobabilities.h"

#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

TokenProbabilities TokenProbabilities::of(const trace::TokenTrace& token) {
    TokenProbabilities probabilities;
    double raw = 0;
    double sampled = 0;
    for (const trace::TokenCandidate& candidate : token.candidates) {
        const bool chosen = candidate.token == token.token;
        if (chosen) {
            probabilities.chosen = int(probabilities.rows.size());
        }
        probabilities.rows.append({candidate.token, QString::fromStdString(candidate.text), tokenLabel(candidate.text),
                                   double(candidate.probability), double(candidate.sampled), chosen});
        raw += double(candidate.probability);
        sampled += double(candidate.sampled);
    }
    // Sums of rounded numbers: what is less than nothing, or than a float can tell from nothing, is nothing.
    const auto rest = [](double listed) { return 1 - listed < 1e-6 ? 0 : 1 - listed; };
    probabilities.raw_rest = rest(raw);
    probabilities.sampled_rest = rest(sampled);
    return probabilities;
}

double surpriseBits(const trace::TokenTrace& token) {
    return token.generated && token.probability > 0 ? std::abs(std::log2(double(token.probability))) : -1;
}

QString bitsText(double bits) {
    constexpr double kLeast = 1e-6; // below it is the rounding of logits and probabilities
    if (bits <= 0) {
        return bits < 0 ? QStringLiteral("–") : QStringLiteral("0");
    }
    if (bits < kLeast) {
        return QStringLiteral("<0.000001");
    }
    const int exponent = QString::number(bits, 'e', 2).section(QLatin1Char('e'), 1).toInt();
    return QString::number(bits, 'f', std::max(0, 2 - exponent));
}

QString percentText(double share) {
    const double percent = share * 100;
    if (percent > 0 && percent < 0.005) {
        return QStringLiteral("<0.01");
    }
    const int digits = percent >= 99.95 || percent <= 0 ? 0 : percent >= 9.995 ? 1 : 2;
    return QString::number(percent, 'f', digits);
}

QString percentWords(double share) { return percentText(share) + QStringLiteral(" %"); }

TokenProbabilitiesTable::TokenProbabilitiesTable(QObject* parent)
    : TabularModel({tr("Rank"), tr("Token"), tr("Id"), tr("Raw, %"), tr("Sampled, %"), tr("Chosen")}, parent) {}

void TokenProbabilitiesTable::setProbabilities(const TokenProbabilities& probabilities) {
    if (probabilities != m_probabilities) {
        m_probabilities = probabilities;
        setRows(probabilities.isEmpty() ? 0 : int(probabilities.rows.size()) + 1, true);
    }
}

QVariant TokenProbabilitiesTable::raw(int row, int column) const {
    if (row == m_probabilities.rows.size()) {
        switch (column) {
        case Text: return tr("not listed");
        case Raw: return m_probabilities.raw_rest * 100;
        case Sampled: return m_probabilities.sampled_rest * 100;
        case Chosen: return QStringLiteral("no");
        default: return {};
        }
    }
    const TokenProbabilities::Row& at = m_probabilities.rows.at(row);
    switch (column) {
    case Rank: return row + 1;
    case Text: return at.text;
    case Id: return at.token;
    case Raw: return at.raw * 100;
    case Sampled: return at.sampled * 100;
    case Chosen: return at.chosen ? QStringLiteral("yes") : QStringLiteral("no");
    default: return {};
    }
}

QString TokenProbabilitiesTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    const bool listed = row < m_probabilities.rows.size();
    switch (column) {
    case Text: return listed ? m_probabilities.rows.at(row).label : value.toString();
    case Raw:
    case Sampled: return percentText(value.toDouble() / 100); // the heading has the unit
    case Chosen: return listed && m_probabilities.rows.at(row).chosen ? tr("yes") : QString();
    case Id: return listed ? groupedText(value.toLongLong()) : QStringLiteral("–");
    default: return listed ? value.toString() : QStringLiteral("–");
    }
}

} // namespace moescope::ui
