// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/modelfit.h"
#include "ui/models/tabularmodel.h"

#include <QSortFilterProxyModel>

#include <string>

namespace moescope::ui {

/** A model of the library as the app tells of it. */
struct ModelRow {
    trace::ModelCard card;
    QString reason; ///< why it cannot be read or run, in the user's language
    bool built_in = false;
    bool named = false; ///< added by itself, not by a watched folder

    const std::string& path() const { return card.info.path; }
};

/** Its name, else that of its file without the ending; one line without control characters. */
QString modelName(const trace::ModelCard& card);
/** Any text of a file as one line without control characters. */
QString plainLine(const std::string& text, qsizetype most = 400);
/** "30M", "6.5M", "80B". */
QString shortCount(quint64 count);
/** "30M · 6.5M", "135M" where all work on each token, "–" where it is not known. */
QString parameterText(const trace::ModelCard& card);

/** The models of this machine: the built-in one first, then by name. */
class ModelListModel : public TabularModel {
    Q_OBJECT
public:
    enum Column { Name, Family, Parameters, Type, File, Limit, FitColumn, ColumnCount };
    enum Role {
        BuiltInRole = Qt::UserRole + 1,
        LoadedRole,
        LoadingRole,
        SyntheticRole,
        FitStateRole,
        DistinctionRole,
    };

    explicit ModelListModel(QObject* parent = nullptr);

    /** Adds them, or takes them for those of the same path. */
    void put(const QList<ModelRow>& rows);
    /** Only these and the built-in model stay. */
    void retain(const QSet<QByteArray>& paths);
    void setQuestion(const FitQuestion& question);
    /** What is loaded, or being loaded; an empty path: none. */
    void setLoaded(const std::string& path, bool loading);

    const ModelRow& at(int row) const { return m_models.at(row); }
    Fit fit(int row) const { return fitOf(m_models.at(row).card, m_question); }
    const FitQuestion& question() const { return m_question; }
    /** −1: none. */
    int rowOf(const std::string& path) const;
    /** File name of a model whose name another one has too, with the folder where that is the same as well; else
     *  empty. */
    QString distinction(int row) const { return m_distinctions.value(row); }
    bool isLoaded(int row) const { return !m_loading && !m_loaded.empty() && at(row).path() == m_loaded; }
    bool isLoading(int row) const { return m_loading && at(row).path() == m_loaded; }

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column != File && column != Limit; }

private:
    QString toolTip(int row, int column) const;
    QString spoken(int row, int column) const;
    void putOne(const ModelRow& row);
    void namesChanged();

    QList<ModelRow> m_models;
    QStringList m_distinctions;
    FitQuestion m_question;
    std::string m_loaded;
    bool m_loading = false;
};

/** The rows that hold every word of a text in their name, family, type or file, sorted as the head says. */
class ModelFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit ModelFilter(QObject* parent = nullptr);
    void setText(const QString& text);
    const ModelListModel* models() const { return static_cast<const ModelListModel*>(sourceModel()); }

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    QStringList m_words;
};

} // namespace moescope::ui
