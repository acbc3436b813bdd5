// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/filter.h"
#include "ui/widgets/searchfield.h"

#include <QTimer>

#include <optional>

class QLabel;

namespace moescope::ui {

/** Where a condition on the routing is typed: “layer>3 && weight<0.4”. What cannot be understood is underlined, and a
 *  sentence below says why; the filter before it stays. */
class FilterLine : public SearchField {
    Q_OBJECT
public:
    explicit FilterLine(QWidget* parent = nullptr);

    /** Chosen elsewhere. */
    void setFilter(const Filter& filter);
    /** How many choices of the routers match, at the right; −1: nothing is counted. */
    void setMatches(qint64 matching, qint64 all);
    /** px in which the text and the count of matches can be read. */
    int wantedWidth() const;
    /** As narrow as it may be: what more it takes is given to it. */
    QSize sizeHint() const override;
    /** What is wrong with the line as it stands. */
    const std::optional<FilterError>& error() const { return m_error; }

signals:
    void filterChosen(const moescope::ui::Filter& filter);
    /** wantedWidth() is another. */
    void wordsChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void typed();
    void apply();
    void setError(const std::optional<FilterError>& error);
    void showSentence();
    /** The end of the text is out of sight, while nobody types. */
    bool isCut() const;
    /** Room for the text, then for the count of matches, and what the line is for. */
    void placeText();
    int matchesWidth() const;
    void paintError(QPainter& painter) const;

    QTimer m_pause; ///< since the last key
    QString m_applied;
    std::optional<FilterError> m_error;
    QString m_matches;
    bool m_matchesShown = false;  ///< beside the text, where both fit
    QLabel* m_sentence = nullptr; ///< of the window, below the line
};

} // namespace moescope::ui
