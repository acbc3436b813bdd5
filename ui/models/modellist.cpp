// SPDX-License-Identifier: Apache-2.0
#include "ui/models/modellist.h"

#include "ui/models/conversation.h"
#include "ui/theme/plaintooltip.h"

#include <QDir>
#include <QFileInfo>
#include <QHash>

#include <algorithm>
#include <utility>

namespace moescope::ui {

namespace {

const QString kNone = QStringLiteral("–");

bool comesFirst(const ModelRow& a, const ModelRow& b) {
    if (a.built_in != b.built_in) {
        return a.built_in;
    }
    const int order = QString::compare(modelName(a.card), modelName(b.card), Qt::CaseInsensitive);
    return order != 0 ? order < 0 : a.path() < b.path();
}

QString familyText(const trace::ModelCard& card) {
    if (!card.known) {
        return ModelListModel::tr("not known");
    }
    const QString family = plainLine(card.info.architecture, 60);
    const bool dense = card.info.expert_count == 0 && card.info.block_count > 0;
    return dense && !family.contains(QLatin1String("dense")) ? ModelListModel::tr("%1, dense").arg(family) : family;
}

/** Best first. */
int rankOf(FitState state) { return static_cast<int>(state); }

} // namespace

QString plainLine(const std::string& text, qsizetype most) {
    // Far more than is ever shown, so that a hostile file costs nothing here.
    QString line = QString::fromUtf8(text.data(), std::min<qsizetype>(static_cast<qsizetype>(text.size()), 4 * most));
    for (QChar& letter : line) {
        const QChar::Category kind = letter.category();
        if (kind == QChar::Other_Control || kind == QChar::Other_Format || kind == QChar::Separator_Line ||
            kind == QChar::Separator_Paragraph) {
            letter = u' ';
        }
    }
    return line.simplified().left(most);
}

QString modelName(const trace::ModelCard& card) {
    QString name = plainLine(card.info.name);
    if (name.isEmpty()) {
        name = plainLine(card.info.file_name);
        const QString ending = QStringLiteral(".gguf");
        if (name.size() > ending.size() && name.endsWith(ending, Qt::CaseInsensitive)) {
            name.chop(ending.size());
        }
    }
    return name;
}

QString shortCount(quint64 count) {
    if (count < 10'000) {
        return groupedText(static_cast<qint64>(count));
    }
    const double value = static_cast<double>(count);
    const auto [unit, letter] = value >= 999.5e6   ? std::pair(1e9, u'B')
                                : value >= 999.5e3 ? std::pair(1e6, u'M')
                                                   : std::pair(1e3, u'K');
    return QString::number(value / unit, 'f', value / unit < 9.95 ? 1 : 0) + letter;
}

QString parameterText(const trace::ModelCard& card) {
    const trace::ModelInfo& info = card.info;
    if (!card.known || info.parameters == 0) {
        return kNone;
    }
    const QString all = shortCount(info.parameters);
    return info.expert_count == 0 || info.active_parameters == 0
               ? all
               : QStringLiteral("%1 · %2").arg(all, shortCount(info.active_parameters));
}

ModelListModel::ModelListModel(QObject* parent)
    : TabularModel({tr("Model"), tr("Family"), tr("Parameters · active"), tr("Type"), tr("File"), tr("Limit, tokens"),
                    tr("Fit")},
                   parent) {}

int ModelListModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_models.size());
}

int ModelListModel::rowOf(const std::string& path) const {
    for (int row = 0; row < m_models.size(); ++row) {
        if (m_models.at(row).path() == path) {
            return row;
        }
    }
    return -1;
}

void ModelListModel::put(const QList<ModelRow>& rows) {
    for (const ModelRow& row : rows) {
        putOne(row);
    }
    namesChanged();
}

void ModelListModel::namesChanged() {
    QHash<QString, int> names;
    QHash<QString, int> files; // of each name
    const auto nameOf = [](const ModelRow& row) { return modelName(row.card).toCaseFolded(); };
    const auto fileOf = [&nameOf](const ModelRow& row) {
        return nameOf(row) + u'\n' + plainLine(row.card.info.file_name);
    };
    for (const ModelRow& row : std::as_const(m_models)) {
        ++names[nameOf(row)];
        ++files[fileOf(row)];
    }
    const QStringList before = std::exchange(m_distinctions, {});
    for (const ModelRow& row : std::as_const(m_models)) {
        const QString file = plainLine(row.card.info.file_name);
        const auto folder = [&row] { return QFileInfo(QString::fromStdString(row.path())).dir().dirName(); };
        m_distinctions.append(names.value(nameOf(row)) < 2   ? QString()
                              : files.value(fileOf(row)) < 2 ? file
                                                             : plainLine(folder().toStdString()) + u'/' + file);
    }
    if (!m_models.isEmpty() && m_distinctions != before) {
        emit dataChanged(index(0, Name), index(rowCount() - 1, Name), {DistinctionRole});
    }
}

void ModelListModel::putOne(const ModelRow& row) {
    if (const int known = rowOf(row.path()); known >= 0) {
        if (modelName(m_models.at(known).card) == modelName(row.card) && m_models.at(known).built_in == row.built_in) {
            m_models[known] = row;
            emit dataChanged(index(known, 0), index(known, ColumnCount - 1));
            return;
        }
        beginRemoveRows({}, known, known);
        m_models.removeAt(known);
        endRemoveRows();
    }
    const auto place = std::upper_bound(m_models.cbegin(), m_models.cend(), row, comesFirst);
    const int at = static_cast<int>(place - m_models.cbegin());
    beginInsertRows({}, at, at);
    m_models.insert(at, row);
    endInsertRows();
}

void ModelListModel::retain(const QSet<QByteArray>& paths) {
    for (int row = rowCount() - 1; row >= 0; --row) {
        const ModelRow& model = m_models.at(row);
        if (!model.built_in && !paths.contains(QByteArray::fromStdString(model.path()))) {
            beginRemoveRows({}, row, row);
            m_models.removeAt(row);
            endRemoveRows();
        }
    }
    namesChanged();
}

void ModelListModel::setQuestion(const FitQuestion& question) {
    if (question == m_question) {
        return;
    }
    m_question = question;
    if (!m_models.isEmpty()) {
        emit dataChanged(index(0, FitColumn), index(rowCount() - 1, FitColumn));
    }
}

void ModelListModel::setLoaded(const std::string& path, bool loading) {
    m_loaded = path;
    m_loading = loading;
    if (!m_models.isEmpty()) {
        emit dataChanged(index(0, Name), index(rowCount() - 1, Name));
    }
}

QVariant ModelListModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const int row = index.row();
    switch (role) {
    case BuiltInRole: return at(row).built_in;
    case LoadedRole: return isLoaded(row);
    case LoadingRole: return isLoading(row);
    case SyntheticRole: return at(row).card.info.synthetic;
    case FitStateRole: return static_cast<int>(fit(row).state);
    case DistinctionRole: return distinction(row);
    case Qt::ToolTipRole: return toolTip(row, index.column());
    case Qt::AccessibleTextRole: return spoken(row, index.column());
    default: return TabularModel::data(index, role);
    }
}

QString ModelListModel::text(int row, int column) const {
    const trace::ModelCard& card = at(row).card;
    switch (column) {
    case Name: return modelName(card);
    case Family: return familyText(card);
    case Parameters: return parameterText(card);
    case Type: return card.info.main_type.empty() ? kNone : QString::fromStdString(card.info.main_type);
    case File: return card.info.file_bytes == 0 ? kNone : bytesText(card.info.file_bytes);
    case Limit: return card.info.context_length == 0 ? kNone : groupedText(card.info.context_length);
    case FitColumn: return fitText(fit(row));
    default: return {};
    }
}

QVariant ModelListModel::raw(int row, int column) const {
    const trace::ModelInfo& info = at(row).card.info;
    switch (column) {
    case Parameters: return quint64{info.parameters};
    case File: return quint64{info.file_bytes};
    case Limit: return info.context_length;
    case FitColumn: return rankOf(fit(row).state);
    default: return text(row, column);
    }
}

QString ModelListModel::toolTip(int row, int column) const {
    const ModelRow& model = at(row);
    if (column == FitColumn) {
        return plainToolTip(fitSentence(model.card, fit(row), m_question, model.reason));
    }
    return plainToolTip(QStringLiteral("%1\n%2").arg(modelName(model.card), plainLine(model.path(), 1000)));
}

QString ModelListModel::spoken(int row, int column) const {
    QStringList words{text(row, column)};
    if (column == Name) {
        if (const QString file = distinction(row); !file.isEmpty()) {
            words += file;
        }
        if (at(row).built_in) {
            words += tr("built in");
        }
        if (isLoaded(row)) {
            words += tr("loaded");
        } else if (isLoading(row)) {
            words += tr("being loaded");
        }
        if (at(row).card.info.synthetic) {
            words += tr("random weights");
        }
    }
    return words.join(QStringLiteral(", "));
}

ModelFilter::ModelFilter(QObject* parent) : QSortFilterProxyModel(parent) {
    setSortRole(TabularModel::RawRole);
    setSortCaseSensitivity(Qt::CaseInsensitive);
}

void ModelFilter::setText(const QString& text) {
    m_words = text.split(u' ', Qt::SkipEmptyParts);
    invalidateFilter();
}

bool ModelFilter::filterAcceptsRow(int row, const QModelIndex&) const {
    if (m_words.isEmpty()) {
        return true;
    }
    const ModelListModel* all = models();
    QString text = plainLine(all->at(row).card.info.file_name);
    for (const int column : {ModelListModel::Name, ModelListModel::Family, ModelListModel::Type}) {
        text += u'\n' + all->index(row, column).data().toString();
    }
    return std::all_of(m_words.begin(), m_words.end(),
                       [&text](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
}

bool ModelFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const QVariant a = left.data(sortRole());
    const QVariant b = right.data(sortRole());
    if (a == b) {
        return sortOrder() == Qt::AscendingOrder ? left.row() < right.row() : right.row() < left.row();
    }
    return QSortFilterProxyModel::lessThan(left, right);
}

} // namespace moescope::ui
