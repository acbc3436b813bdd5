// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/divergence.h"
#include "ui/models/tabularmodel.h"
#include "ui/models/tracemodel.h"

#include <QList>
#include <QObject>
#include <QString>

#include <vector>

namespace moescope::ui {

/** An answer as one side of a comparison: A is the untouched one, B the one with a what-if. */
struct DiffSide {
    qint64 run = -1;
    TraceShape shape;
    QList<trace::TokenTracePtr> tokens = {};
    int version = 0; ///< of the answer, from 1 on, as the chat numbers it
};

/** A token of both answers, or of one of them; −1: not in it. */
struct DiffRow {
    int a = -1;
    int b = -1;

    bool isPair() const { return a >= 0 && b >= 0; }
};

/** An answer and the same with a what-if, side by side. */
class WhatIfDiff : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    void setSides(const DiffSide& untouched, const DiffSide& whatIf, const QString& recipe);
    void clear();
    bool isEmpty() const { return m_a.run < 0 || m_b.run < 0; }
    const DiffSide& untouched() const { return m_a; }
    const DiffSide& whatIf() const { return m_b; }
    /** The what-if in words. */
    const QString& recipe() const { return m_recipe; }

    /** All tokens in reading order: the common beginning token by token, then by words that both answers have. */
    const QList<DiffRow>& rows() const { return m_rows; }
    int rowOf(qint64 run, int token) const; ///< −1: none
    /** Tokens that both answers begin with. */
    int prefix() const { return m_prefix; }
    /** Tokens in both. */
    int pairs() const { return m_pairs; }
    /** The first row at which the answers part, −1: they are the same. */
    int firstDifference() const { return m_prefix < m_rows.size() ? m_prefix : -1; }
    struct Place {
        int row = -1;
        int layer = -1;
    };
    /** The first token of the common beginning for which another expert was chosen; −1: none, or no routing. */
    Place firstRoutingDifference() const { return m_routing; }
    /** The first expert in a layer; −1: not recorded, or not in this answer. */
    int expertA(int row, int layer) const;
    int expertB(int row, int layer) const;
    /** Layers of a pair with the same first expert, −1 without routing. */
    int sameLayers(int row) const;
    int layers() const { return m_a.shape.layers; }
    QString textA(int row) const;
    QString textB(int row) const;

    /** What the model with and without the what-if expected of A's tokens, each given those before it; empty: not known. */
    void setDivergence(const QList<trace::TokenDivergence>& divergence);
    bool hasDivergence() const { return !m_divergence.isEmpty(); }
    double kl(int token) const; ///< bits, of A's token; −1: not known
    double mostKl() const { return m_mostKl; }
    double sumKl() const; ///< bits, over A's tokens
    /** Of the row's token: as A sampled it. */
    double probabilityA(int row) const;
    /** As the what-if had it given the same tokens before: in the common beginning B's own; −1: not known. */
    double probabilityB(int row) const;

signals:
    void changed();
    void divergenceChanged();

private:
    void alignRest();
    void findRouting();

    DiffSide m_a;
    DiffSide m_b;
    QString m_recipe;
    QList<DiffRow> m_rows;
    std::vector<int> m_rowOfA;
    std::vector<int> m_rowOfB;
    int m_prefix = 0;
    int m_pairs = 0;
    Place m_routing;
    QList<trace::TokenDivergence> m_divergence;
    double m_mostKl = 0;
};

/** Twin of What-if diff: a row a token of either answer. */
class WhatIfDiffTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Token, TextA, TextB, ProbabilityA, ProbabilityB, Kl, ExpertA, ExpertB, SameLayers };

    explicit WhatIfDiffTable(WhatIfDiff* diff, QObject* parent = nullptr);
    /** The layer of the columns of experts. */
    void setLayer(int layer);

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == TextA || column == TextB; }

private:
    WhatIfDiff* m_diff;
    int m_layer = 0;
};

} // namespace moescope::ui
