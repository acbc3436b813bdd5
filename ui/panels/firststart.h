// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"

#include <QScrollArea>

#include <utility>

class QGridLayout;
class QLabel;

namespace moescope::ui {

class ModelBanner;
class SuggestionCard;

struct Suggestion {
    QString prompt;
    QString caption; ///< "Story, about 140 tokens"
};

/** What an empty chat shows: what this is, which model answers, prompts to try. */
class FirstStart : public QScrollArea {
    Q_OBJECT
public:
    explicit FirstStart(QWidget* parent = nullptr);

    /** The banner names size and shape; `demonstration`: the built-in model, with the sentence that says so. */
    void setModel(const trace::ModelInfo& model, bool demonstration);
    void setSuggestions(const QList<Suggestion>& suggestions);
    void setSuggestionsEnabled(bool enabled);
    /** What suits the built-in model, as its card says. */
    static QList<Suggestion> builtInSuggestions();
    /** What is said of a model with random weights: first words, the rest. */
    static std::pair<QString, QString> syntheticWords(const trace::ModelInfo& model);
    /** "408 thousand", "30 million", "6.5 million", "6.9 billion". */
    static QString countText(quint64 count);

signals:
    void suggestionChosen(const QString& prompt);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void place();

    QWidget* m_column = nullptr;
    QLabel* m_title = nullptr;
    ModelBanner* m_banner = nullptr;
    QLabel* m_try = nullptr;
    QGridLayout* m_grid = nullptr;
    QList<SuggestionCard*> m_cards;
    QGridLayout* m_hintGrid = nullptr;
    QList<QWidget*> m_hints;
    bool m_enabled = true;
};

} // namespace moescope::ui
