// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/memory_ledger.h"
#include "ui/models/tabularmodel.h"

#include <QList>

#include <optional>

namespace moescope::ui {

/** What the loaded model was to take of its device, what it took, and what the driver says of it. */
struct LedgerState {
    enum class Kind {
        Part,   ///< buffers of one purpose
        All,    ///< of all parts
        WhatIf, ///< the plan with another type of KV cache
        Driver  ///< what the driver says is free
    };
    struct Row {
        Kind kind = Kind::Part;
        int part = -1; ///< as memoryColor() counts them, ledgerStaging: staging
        QString name;
        QString note; ///< types of the weights, or what the cache is for
        std::optional<quint64> planned;
        std::optional<quint64> allocated;
        std::optional<quint64> free; ///< as the driver says
        quint64 asked = 0;           ///< of the driver, which may give more
        trace::PlacedBytes place;

        /** Allocated less planned, where both are known. */
        std::optional<qint64> difference() const;
        /** More or less was asked for than planned: what differs is no padding. */
        bool isOff() const { return kind == Kind::Part && planned && *planned != asked; }
        bool operator==(const Row&) const = default;
    };

    static constexpr int ledgerStaging = 5;

    QList<Row> rows; ///< parts, all of them, what-ifs, the driver's figures
    QString device;  ///< name
    quint64 device_bytes = 0;
    bool driver_counts = false; ///< else what is free is the device's memory less what the engine has
    quint64 free_before_bytes = 0;
    quint64 free_after_bytes = 0;
    bool of_capture = false; ///< an answer's from a file, not the loaded model's

    static LedgerState of(const trace::MemoryLedger& ledger, const QString& device);

    bool isEmpty() const { return rows.isEmpty(); }
    int parts() const;
    int rowOf(Kind kind) const; ///< the first of its kind, −1: none
    const Row& all() const { return rows.at(rowOf(Kind::All)); }
    /** Of all that is allocated. */
    double percent(const Row& row) const;
    /** "driver", or whose account it is else. */
    QString accountText() const;
    /** In memory of the device, whether the host sees it or not. */
    static quint64 onDevice(const Row& row) { return row.place.device + row.place.mapped; }
    /** What the driver has less of since before the load, other programs included; negative: it has more. */
    qint64 takenByDriver() const { return qint64(free_before_bytes) - qint64(free_after_bytes); }
    /** A sentence for each part that is not as planned. */
    QStringList warnings() const;
    /** "device", "device, mapped", "host", with bytes where it is several. */
    static QString placeText(const trace::PlacedBytes& place);
    bool operator==(const LedgerState&) const = default;
};

/** "+1.2 KiB", "−3.0 MiB", "0 bytes". */
QString signedBytesText(qint64 bytes);

/** Twin of Memory ledger: a row for each of its rows. */
class MemoryLedgerTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Part, Planned, Allocated, Difference, Share, Free, Where };

    explicit MemoryLedgerTable(QObject* parent = nullptr);
    void setState(const LedgerState& state);
    const LedgerState& state() const { return m_state; }

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == Part || column == Where; }

private:
    LedgerState m_state;
};

} // namespace moescope::ui
