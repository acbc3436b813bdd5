// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/token_trace.h"
#include "ui/models/tabularmodel.h"

namespace moescope::ui {

/** What could have stood in the place of one token. Shares are 0 to 1; with the rest they add to 1. */
struct TokenProbabilities {
    struct Row {
        int token = 0;
        QString text;
        QString label;      ///< as tokenLabel()
        double raw = 0;     ///< softmax of the raw logits
        double sampled = 0; ///< after the samplers; 0: they removed it
        bool chosen = false;

        bool operator==(const Row&) const = default;
    };
    QList<Row> rows; ///< likeliest first
    int chosen = -1; ///< row of the token that stands there, −1: unknown
    /** Of all tokens that are not listed. */
    double raw_rest = 0;
    double sampled_rest = 0;

    static TokenProbabilities of(const trace::TokenTrace& token);
    bool isEmpty() const { return rows.isEmpty(); }
    bool operator==(const TokenProbabilities&) const = default;
};

/** How unlikely the sampled token was by its raw probability, −log₂ p in bits; −1 where that is not known: a token of
 *  the prompt, or one so unlikely that its probability is 0 as kept. */
double surpriseBits(const trace::TokenTrace& token);
/** Three figures: "2.41", "0.137", "0.000213"; "–" below 0. */
QString bitsText(double bits);
/** 0…1 as a number in percent: "83.1", "4.20", "0.31"; "<0.01" for what is less and not 0. */
QString percentText(double share);
/** "83.1 %". */
QString percentWords(double share);

/** Twin of Token probabilities: a row a candidate of one token, then what is not listed. */
class TokenProbabilitiesTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Rank, Text, Id, Raw, Sampled, Chosen };

    explicit TokenProbabilitiesTable(QObject* parent = nullptr);
    void setProbabilities(const TokenProbabilities& probabilities);
    const TokenProbabilities& probabilities() const { return m_probabilities; }

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == Text; }
    bool isMark(int column) const override { return column == Chosen; }

private:
    TokenProbabilities m_probabilities;
};

} // namespace moescope::ui
