// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/measure.h"
#include "ui/models/tabularmodel.h"
#include "ui/models/tracemodel.h"
#include "ui/models/whatif.h"

namespace moescope::ui {

/** Twin of Experts: a row for each layer and expert, layer by layer. */
class ExpertsTable : public TabularModel {
    Q_OBJECT
public:
    enum Column {
        Layer,
        Expert,
        Tokens,
        Share,
        Count, ///< that Share is of
        OverUniform,
        OutsideChance,
        GateMass,
        MeanGate, ///< of Tokens
        WhatIfMark,
        Shared
    };

    explicit ExpertsTable(TraceModel* trace, QObject* parent = nullptr);
    /** `token` matters in Scope::Token alone. */
    void setScope(Scope scope, int token);
    Scope scope() const { return m_scope; }
    /** The answer that shares are measured against, −1: an even spread. */
    void setBaseline(qint64 run);
    int rowOf(int layer, int expert) const { return layer * m_experts + expert; }
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void setWhatIf(WhatIf* whatIf);

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override {
        return column == OutsideChance || column == WhatIfMark || column == Shared;
    }
    bool isMark(int column) const override { return column == OutsideChance; }

private:
    void reset();
    void refresh();

    TraceModel* m_trace;
    WhatIf* m_whatIf = nullptr;
    Scope m_scope = Scope::Answer;
    int m_token = -1;
    int m_experts = 0;
    qint64 m_baseline = -1;
    mutable Measure m_measure;      ///< of what is counted now
    mutable bool m_stale = true;    ///< m_measure is of what was
    const Measure& measure() const; ///< taken when it is asked for: nobody asks a hidden table
};

/** Twin of Token strip: a row a token, as routed in one layer. */
class TokenStripTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Position, Text, Id, Class, Expert, Gate, RunnerUp, RunnerUpGate, Margin, Entropy, Surprise };

    explicit TokenStripTable(TraceModel* trace, QObject* parent = nullptr);
    void setLayer(int layer);
    int layer() const { return m_layer; }

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == Text || column == Class; }

private:
    TraceModel* m_trace;
    int m_layer = 0;
};

/** Twin of Token path: a row a layer, for one token. Gate is the weight of the first expert; the margin is that of the
 *  last chosen one over the runner-up, both as probabilities over all experts. */
class TokenPathTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Layer, Expert, Gate, RunnerUp, RunnerUpGate, Margin, Entropy };

    explicit TokenPathTable(TraceModel* trace, QObject* parent = nullptr);
    void setToken(int token);
    int token() const { return m_token; }

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int) const override { return false; }

private:
    void refresh();

    TraceModel* m_trace;
    int m_token = -1;
};

/** The answer in view was made without the shared expert; a whole chat may have answers of both kinds. */
bool isSharedOff(const WhatIf* whatIf, Scope scope);
/** How many of the tokens the shared expert answers: "all", or "off". */
QString sharedText(const WhatIf* whatIf, Scope scope);
/** Experts of one layer, best first: "6", or "6, 11, 2". */
QString expertsText(const trace::RouterTrace& router, int layer);

} // namespace moescope::ui
