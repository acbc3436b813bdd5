// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QAbstractTableModel>
#include <QStringList>

#include <optional>

namespace moescope::ui {

/** Base of the table twins: read-only, a formatted text and a raw value in each cell, numbers at the right. */
class TabularModel : public QAbstractTableModel {
    Q_OBJECT
public:
    /** The value as a number or text, for sorting and export; invalid where there is none. */
    static constexpr int RawRole = Qt::UserRole;
    /** Of a heading: true while the column says the same in all rows, as without a what-if. The view leaves it out. */
    static constexpr int SilentRole = Qt::UserRole;

    TabularModel(QStringList titles, QObject* parent);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

protected:
    virtual QVariant raw(int row, int column) const = 0;
    virtual QString text(int row, int column) const = 0;
    /** Columns of words are left-aligned. */
    virtual bool isText(int column) const = 0;
    /** Columns of one short word each, such as yes and no, are centred. */
    virtual bool isMark(int) const { return false; }

    /** Announces `rows` rows, by insertion or removal at the end, and that all others changed if `changed`. */
    void setRows(int rows, bool changed);
    void resetTo(int rows);
    /** With other columns. */
    void resetTo(int rows, const QStringList& titles);

private:
    QVariant alignment(int column) const;

    QStringList m_titles;
    int m_rows = 0;
    std::optional<int> m_leaving; ///< the first of the rows that are being removed: they have no data any more
};

/** RFC 4180: comma, CRLF, quotes where needed, header first, raw values. */
QString toCsv(const QAbstractItemModel& model);
/** For the clipboard: header first, raw values; tabs and line breaks inside a cell become spaces. */
QString toTabSeparated(const QAbstractItemModel& model);
/** A number as the charts write it: `digits` decimals, "–" below 0 where 0 is the least. */
QString fixedText(double value, int digits);

} // namespace moescope::ui
