// SPDX-License-Identifier: Apache-2.0
#include "ui/models/kvcache.h"

#include "engine/trace/error.h"
#include "ui/models/conversation.h"

#include <QCoreApplication>

#include <algorithm>

namespace moescope::ui {

namespace {

/** Bytes of one head's row without padding; Q8_0 has a half a block of 32 elements. 0 for a type that is not known. */
quint64 headBytes(const std::string& type, quint64 head_dim) {
    return type == "f32"    ? 4 * head_dim
           : type == "f16"  ? 2 * head_dim
           : type == "q8_0" ? head_dim + (head_dim + 31) / 32 * 2
                            : 0;
}

QString tr(const char* text) { return QCoreApplication::translate("KvCacheState", text); }

} // namespace

KvCacheState KvCacheState::of(const trace::ModelInfo& model, const trace::MemoryInfo& memory, quint64 usedTokens) {
    KvCacheState state;
    const int layers = int(model.block_count);
    const int share = std::max(1, int(model.cla_share_factor));
    state.owners = layers > 0 ? int(model.kvOwners()) : 0;
    int group = 1;
    if (state.owners >= 24) {
        while ((state.owners + group - 1) / group > 16) {
            group *= 2;
        }
    }
    for (int owner = 0; owner < state.owners; owner += group) {
        const int owners = std::min(group, state.owners - owner);
        state.rows.append({owner * share, std::min(layers, (owner + owners) * share) - 1, owners});
    }
    state.used_tokens = usedTokens;
    state.reserved_tokens = memory.context;
    state.limit_tokens = std::max<quint64>(model.context_length, memory.context);
    state.bytes_per_token = memory.kv_bytes_per_token;
    state.type = QString::fromStdString(memory.kv_type).toUpper();
    const quint64 perHead = 2ULL * quint64(layers) * headBytes(memory.kv_type, model.head_dim); // K and V
    state.mha_bytes_per_token = perHead * model.head_count;
    state.gqa_bytes_per_token = perHead * model.head_count_kv;
    state.shares_heads = model.head_count_kv < model.head_count;
    state.shares_layers = share > 1;
    state.shape = TraceShape::of(model);
    return state;
}

quint64 KvCacheState::rowBytesPerToken(int row) const {
    return owners > 0 ? bytes_per_token / quint64(owners) * quint64(rows.at(row).owners) : 0;
}

int KvCacheState::rowOf(int layer) const {
    for (int row = 0; row < rows.size(); ++row) {
        if (layer >= rows.at(row).first_layer && layer <= rows.at(row).last_layer) {
            return row;
        }
    }
    return -1;
}

int KvCacheState::rowOf(const TraceShape& answer, int layer) const {
    return layer >= 0 && answer.routesLike(shape) ? rowOf(shape.first_block + layer) : -1;
}

QString KvCacheState::rowLabel(int row) const {
    const Row& at = rows.at(row);
    return at.first_layer == at.last_layer ? QStringLiteral("L%1").arg(at.first_layer)
                                           : QStringLiteral("L%1–%2").arg(at.first_layer).arg(at.last_layer);
}

QList<KvCacheState::Comparison> KvCacheState::comparisons() const {
    if (mha_bytes_per_token == 0) {
        return {};
    }
    const auto comparison = [this](const QString& form, quint64 perToken, bool inUse) {
        return Comparison{form, inUse ? tr("%1, in use").arg(form) : form, comparedTokens() * perToken,
                          100.0 * double(perToken) / double(mha_bytes_per_token), inUse};
    };
    QList<Comparison> list;
    if (!shares_heads && !shares_layers) {
        list.append(comparison(tr("MHA"), bytes_per_token, true));
        return list;
    }
    list.append(comparison(tr("MHA"), mha_bytes_per_token, false));
    if (!shares_layers) {
        list.append(comparison(tr("GQA"), bytes_per_token, true));
    } else if (shares_heads) {
        list.append(comparison(tr("GQA only"), gqa_bytes_per_token, false));
        list.append(comparison(tr("GQA + CLA"), bytes_per_token, true));
    } else {
        list.append(comparison(tr("CLA"), bytes_per_token, true));
    }
    return list;
}

KvCacheTable::KvCacheTable(QObject* parent)
    : TabularModel({tr("Layers"), tr("Used, tokens"), tr("Used"), tr("Reserved"), tr("Limit"), tr("Bytes a token")},
                   parent) {}

void KvCacheTable::setState(const KvCacheState& state) {
    const bool same = state.rows.size() == m_state.rows.size() && state.owners == m_state.owners;
    m_state = state;
    if (same) {
        setRows(rowCount(), true);
    } else {
        resetTo(static_cast<int>(state.rows.size()));
    }
}

QVariant KvCacheTable::raw(int row, int column) const {
    const quint64 perToken = m_state.rowBytesPerToken(row);
    switch (column) {
    case Layers: return m_state.rowLabel(row);
    case UsedTokens: return m_state.used_tokens;
    case UsedBytes: return m_state.used_tokens * perToken;
    case ReservedBytes: return m_state.reserved_tokens * perToken;
    case LimitBytes: return m_state.limit_tokens * perToken;
    case BytesPerToken: return perToken;
    default: return {};
    }
}

QString KvCacheTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    switch (column) {
    case Layers: return value.toString();
    case UsedTokens:
    case BytesPerToken: return groupedText(value.toLongLong());
    default: return QString::fromStdString(trace::bytesText(value.toULongLong()));
    }
}

} // namespace moescope::ui
