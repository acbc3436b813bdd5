// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"
#include "ui/models/routingstatistics.h"
#include "ui/models/tabularmodel.h"

#include <QList>

namespace moescope::ui {

/** What the KV cache holds and could hold. Layers that share a cache are one row, its bytes counted once. */
struct KvCacheState {
    struct Row {
        int first_layer = 0; ///< model layers, from 0
        int last_layer = 0;
        int owners = 1; ///< caches in this row; more than one where rows are grouped
    };

    QList<Row> rows;
    int owners = 0;
    quint64 used_tokens = 0;
    quint64 reserved_tokens = 0; ///< the cache was made for this many
    quint64 limit_tokens = 0;    ///< of the model
    quint64 bytes_per_token = 0; ///< of all owners together, as allocated
    QString type;                ///< "F16"
    /** The same element type without sharing; 0: unknown. */
    quint64 mha_bytes_per_token = 0;
    quint64 gqa_bytes_per_token = 0;
    bool shares_heads = false;  ///< GQA
    bool shares_layers = false; ///< CLA
    TraceShape shape;           ///< of the loaded model, whose cache it is
    bool captured = false;      ///< as it was when the capture in view was made: no more comes into it

    /** Owners are grouped, from 24 on, so that at most 16 rows stay. */
    static KvCacheState of(const trace::ModelInfo& model, const trace::MemoryInfo& memory, quint64 usedTokens);

    bool isEmpty() const { return rows.isEmpty(); }
    quint64 rowBytesPerToken(int row) const;
    quint64 usedBytes() const { return used_tokens * bytes_per_token; }
    quint64 tokensUntilFull() const { return reserved_tokens > used_tokens ? reserved_tokens - used_tokens : 0; }
    /** Row that holds the cache of a model layer, −1: none. */
    int rowOf(int layer) const;
    /** The same of a MoE layer of an answer with these sizes; another model's answer is not in this cache. */
    int rowOf(const TraceShape& answer, int layer) const;
    /** "L4–5". */
    QString rowLabel(int row) const;

    struct Comparison {
        QString form; ///< "GQA + CLA"
        QString name; ///< "GQA + CLA, in use"
        quint64 bytes = 0;
        double percent = 0; ///< of MHA
        bool in_use = false;
    };
    /** Tokens that comparisons() are for: those in use, the limit while none is. */
    quint64 comparedTokens() const { return used_tokens > 0 ? used_tokens : limit_tokens; }
    /** What comparedTokens() need under MHA, GQA and as it is, fewer where the model shares less. */
    QList<Comparison> comparisons() const;
};

/** Twin of KV cache: a row for each bar. */
class KvCacheTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Layers, UsedTokens, UsedBytes, ReservedBytes, LimitBytes, BytesPerToken };

    explicit KvCacheTable(QObject* parent = nullptr);
    void setState(const KvCacheState& state);
    const KvCacheState& state() const { return m_state; }

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == Layers; }

private:
    KvCacheState m_state;
};

} // namespace moescope::ui
