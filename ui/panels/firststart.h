// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"

#include <QScrollArea>

class QGridLayout;
class QLabel;
class QVBoxLayout;

namespace moescope::ui {

struct Suggestion {
    QString prompt;
    QString caption; ///< "Story, about 140 tokens"
};

/** What an empty chat shows: what this is, which model answers, four prompts to try. */
class FirstStart : public QScrollArea {
    Q_OBJECT
public:
    explicit FirstStart(QWidget* parent = nullptr);

    /** The banner names size and shape; `demonstration`: the built-in model, with the sentence that says so. */
    void setModel(const trace::ModelInfo& model, bool demonstration);
    void setSuggestions(const QList<Suggestion>& suggestions);
    /** What suits the built-in model, as its card says. */
    static QList<Suggestion> builtInSuggestions();

signals:
    void suggestionChosen(const QString& prompt);

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void applyTheme();
    void place();

    QWidget* m_column = nullptr;
    QLabel* m_mark = nullptr;
    QLabel* m_title = nullptr;
    QLabel* m_sentence = nullptr;
    QFrame* m_banner = nullptr;
    QLabel* m_bannerIcon = nullptr;
    QLabel* m_bannerText = nullptr;
    QLabel* m_try = nullptr;
    QGridLayout* m_grid = nullptr;
    QWidget* m_hint = nullptr;
    QLabel* m_hintIcon = nullptr;
    QLabel* m_hintTitle = nullptr;
    QLabel* m_hintText = nullptr;
    QList<QWidget*> m_cards;
};

} // namespace moescope::ui
