// SPDX-License-Identifier: Apache-2.0
#include "ui/models/memoryledger.h"

#include "ui/models/conversation.h"
#include "ui/models/modelfit.h"

#include <QCoreApplication>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kWorkspace = 4; ///< part

QString tr(const char* text) { return QCoreApplication::translate("LedgerState", text); }

LedgerState::Row partRow(int part, const QString& name, const QString& note, const trace::MemoryUse& use,
                         std::optional<quint64> planned) {
    LedgerState::Row row;
    row.part = part;
    row.name = name;
    row.note = note;
    row.planned = planned;
    row.allocated = use.allocated.total();
    row.asked = use.bytes;
    row.place = use.allocated;
    return row;
}

LedgerState::Row figureRow(LedgerState::Kind kind, const QString& name, std::optional<quint64> planned,
                           std::optional<quint64> allocated) {
    LedgerState::Row row;
    row.kind = kind;
    row.name = name;
    row.planned = planned;
    row.allocated = allocated;
    return row;
}

} // namespace

std::optional<qint64> LedgerState::Row::difference() const {
    return planned && allocated ? std::optional(qint64(*allocated) - qint64(*planned)) : std::nullopt;
}

LedgerState LedgerState::of(const trace::MemoryLedger& ledger, const QString& device) {
    LedgerState state;
    const trace::MemoryNeeds& planned = ledger.planned;
    const auto types = [](const trace::WeightShare& share) { return QString::fromStdString(share.types); };
    const auto addExperts = [&state](const Row& row) {
        if (row.planned.value_or(0) > 0 || row.allocated.value_or(0) > 0) { // a dense model has none
            state.rows.append(row);
        }
    };
    addExperts(partRow(0, tr("Routed experts"), types(planned.routed), ledger.routed, planned.routed.bytes));
    addExperts(partRow(1, tr("Shared expert"), types(planned.shared), ledger.shared, planned.shared.bytes));
    state.rows.append(
        partRow(2, tr("Attention, norms, embeddings"), types(planned.rest), ledger.rest, planned.rest.bytes));
    state.rows.append(partRow(3, tr("KV cache"),
                              tr("%1, %2 tokens").arg(kvTypeText(ledger.kv_type), groupedText(ledger.context)),
                              ledger.kv, planned.kv(ledger.context, ledger.kv_type)));
    state.rows.append(partRow(kWorkspace, tr("Workspace"), {}, ledger.workspace, planned.workspace(ledger.context)));
    state.rows.append(partRow(ledgerStaging, tr("Staging"),
                              ledger.staging.bytes > 0 ? tr("copies to the device")
                                                       : tr("none: the host sees the memory of the device"),
                              ledger.staging, {}));

    Row all = figureRow(Kind::All, tr("All"), planned.total(ledger.context, ledger.kv_type), ledger.allocated.total());
    all.place = ledger.allocated;
    for (const Row& row : std::as_const(state.rows)) {
        all.asked += row.asked;
    }
    state.rows.append(all);
    for (const trace::KvType type : trace::kvTypes) {
        const QString name = tr("All with a KV cache in %1").arg(kvTypeText(type));
        Row row = figureRow(Kind::WhatIf, name, planned.total(ledger.context, type), {});
        row.note = tr("%1 of KV cache").arg(bytesText(planned.kv(ledger.context, type)));
        state.rows.append(row);
    }
    const auto addFree = [&state](const QString& name, quint64 bytes) {
        Row row = figureRow(Kind::Driver, name, {}, {});
        row.free = bytes;
        state.rows.append(row);
    };
    state.driver_counts = ledger.driver_counts;
    const QString account = state.accountText();
    addFree(tr("Free before the load (%1)").arg(account), ledger.free_before_bytes);
    addFree(tr("Free after the load (%1)").arg(account), ledger.free_after_bytes);
    state.device = device;
    state.device_bytes = ledger.device_bytes;
    state.free_before_bytes = ledger.free_before_bytes;
    state.free_after_bytes = ledger.free_after_bytes;
    return state;
}

int LedgerState::parts() const { return std::max(0, rowOf(Kind::All)); }

int LedgerState::rowOf(Kind kind) const {
    const auto found = std::find_if(rows.begin(), rows.end(), [kind](const Row& row) { return row.kind == kind; });
    return found == rows.end() ? -1 : int(found - rows.begin());
}

double LedgerState::percent(const Row& row) const {
    const quint64 sum = all().allocated.value_or(0);
    return sum > 0 ? 100.0 * double(row.allocated.value_or(0)) / double(sum) : 0;
}

QString LedgerState::accountText() const { return driver_counts ? tr("driver") : tr("engine"); }

QStringList LedgerState::warnings() const {
    QStringList sentences;
    for (const Row& row : rows) {
        if (row.isOff()) {
            const QString sizes =
                tr("%1: %2 planned, %3 asked for").arg(row.name, bytesText(*row.planned), bytesText(row.asked));
            sentences += row.part == kWorkspace && row.asked > *row.planned
                             ? tr("%1, by what-ifs and comparisons.").arg(sizes)
                             : tr("%1.").arg(sizes);
        }
    }
    return sentences;
}

QString LedgerState::placeText(const trace::PlacedBytes& place) {
    const QList<QPair<QString, quint64>> places = {
        {tr("device"), place.device}, {tr("device, mapped"), place.mapped}, {tr("host"), place.host}};
    QStringList words;
    for (const auto& [name, bytes] : places) {
        if (bytes > 0) {
            words += bytes == place.total() ? name : tr("%1 %2").arg(name, bytesText(bytes));
        }
    }
    return words.join(QStringLiteral("; "));
}

QString signedBytesText(qint64 bytes) {
    const QString text = bytesText(quint64(bytes < 0 ? -bytes : bytes));
    return bytes == 0 ? text : (bytes < 0 ? QStringLiteral("−") : QStringLiteral("+")) + text;
}

MemoryLedgerTable::MemoryLedgerTable(QObject* parent)
    : TabularModel({tr("Part"), tr("Planned, bytes"), tr("Allocated, bytes"), tr("Difference, bytes"), tr("Of all, %"),
                    tr("Free, bytes"), tr("Where")},
                   parent) {}

void MemoryLedgerTable::setState(const LedgerState& state) {
    if (state == m_state) {
        return;
    }
    const bool same = state.rows.size() == m_state.rows.size();
    m_state = state;
    if (same) {
        setRows(rowCount(), true);
    } else {
        resetTo(int(state.rows.size()));
    }
}

QVariant MemoryLedgerTable::raw(int row, int column) const {
    const LedgerState::Row& at = m_state.rows.at(row);
    switch (column) {
    case Part: return at.note.isEmpty() ? at.name : QStringLiteral("%1 (%2)").arg(at.name, at.note);
    case Planned: return at.planned ? QVariant(*at.planned) : QVariant();
    case Allocated: return at.allocated ? QVariant(*at.allocated) : QVariant();
    case Difference: return at.difference() ? QVariant(*at.difference()) : QVariant();
    case Share:
        return at.kind == LedgerState::Kind::Part || at.kind == LedgerState::Kind::All ? QVariant(m_state.percent(at))
                                                                                       : QVariant();
    case Free: return at.free ? QVariant(*at.free) : QVariant();
    case Where: return LedgerState::placeText(at.place);
    default: return {};
    }
}

QString MemoryLedgerTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    if (!value.isValid() || (column == Where && value.toString().isEmpty())) {
        return QStringLiteral("–");
    }
    switch (column) {
    case Planned:
    case Allocated:
    case Difference:
    case Free: return groupedText(value.toLongLong());
    case Share: return QString::number(value.toDouble(), 'f', 1);
    default: return value.toString();
    }
}

} // namespace moescope::ui
