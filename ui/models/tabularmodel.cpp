// SPDX-License-Identifier: Apache-2.0
#include "ui/models/tabularmodel.h"

namespace moescope::ui {

TabularModel::TabularModel(QStringList titles, QObject* parent)
    : QAbstractTableModel(parent), m_titles(std::move(titles)) {}

int TabularModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : m_rows; }

int TabularModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_titles.size());
}

QVariant TabularModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid) || (m_leaving && index.row() >= *m_leaving)) {
        return {};
    }
    switch (role) {
    case Qt::DisplayRole: return text(index.row(), index.column());
    case RawRole: return raw(index.row(), index.column());
    case Qt::TextAlignmentRole: return alignment(index.column());
    default: return {};
    }
}

QVariant TabularModel::alignment(int column) const {
    const Qt::Alignment across = isMark(column) ? Qt::AlignHCenter : isText(column) ? Qt::AlignLeft : Qt::AlignRight;
    return QVariant::fromValue(Qt::Alignment(across | Qt::AlignVCenter));
}

QVariant TabularModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= m_titles.size()) {
        return {};
    }
    if (role == Qt::DisplayRole) {
        return m_titles.at(section);
    }
    if (role == Qt::TextAlignmentRole) {
        return alignment(section);
    }
    return {};
}

void TabularModel::setRows(int rows, bool changed) {
    const int kept = std::min(rows, m_rows);
    if (rows > m_rows) {
        beginInsertRows({}, m_rows, rows - 1);
        m_rows = rows;
        endInsertRows();
    } else if (rows < m_rows) {
        m_leaving = rows;
        beginRemoveRows({}, rows, m_rows - 1);
        m_rows = rows;
        endRemoveRows();
        m_leaving.reset();
    }
    if (changed && kept > 0) {
        emit dataChanged(index(0, 0), index(kept - 1, columnCount() - 1));
    }
}

void TabularModel::resetTo(int rows) { resetTo(rows, m_titles); }

void TabularModel::resetTo(int rows, const QStringList& titles) {
    beginResetModel();
    m_titles = titles;
    m_rows = rows;
    endResetModel();
}

namespace {

QString rawText(const QAbstractItemModel& model, int row, int column) {
    const QModelIndex at = model.index(row, column);
    const QVariant value = model.data(at, TabularModel::RawRole);
    if (value.typeId() == QMetaType::Double) {
        return QString::number(value.toDouble(), 'g', 9);
    }
    return value.toString();
}

template <typename Quote>
QString table(const QAbstractItemModel& model, QChar separator, const QString& end, Quote quote) {
    QString out;
    for (int row = -1; row < model.rowCount(); ++row) {
        for (int column = 0; column < model.columnCount(); ++column) {
            if (column > 0) {
                out += separator;
            }
            out += quote(row < 0 ? model.headerData(column, Qt::Horizontal).toString() : rawText(model, row, column));
        }
        out += end;
    }
    return out;
}

} // namespace

QString toCsv(const QAbstractItemModel& model) {
    return table(model, QLatin1Char(','), QStringLiteral("\r\n"), [](QString cell) {
        const bool quoted = cell.contains(QLatin1Char(',')) || cell.contains(QLatin1Char('"')) ||
                            cell.contains(QLatin1Char('\n')) || cell.contains(QLatin1Char('\r')) ||
                            cell.startsWith(QLatin1Char(' ')) || cell.endsWith(QLatin1Char(' '));
        return quoted ? QLatin1Char('"') + cell.replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"')
                      : cell;
    });
}

QString toTabSeparated(const QAbstractItemModel& model) {
    return table(model, QLatin1Char('\t'), QStringLiteral("\n"), [](QString cell) {
        for (const char c : {'\t', '\n', '\r'}) {
            cell.replace(QLatin1Char(c), QLatin1Char(' '));
        }
        return cell;
    });
}

QString fixedText(double value, int digits) {
    return value < 0 ? QStringLiteral("–") : QString::number(value, 'f', digits);
}

} // namespace moescope::ui
