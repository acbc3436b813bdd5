// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/comparison.h"

#include <QWidget>

class QHBoxLayout;
class QPushButton;

namespace moescope::ui {

class ElidedLabel;
class IconButton;
class SegmentedControl;
class StyledLabel;

/** What is compared, what is equal, and what can be done with all runs. */
class CompareHead : public QWidget {
    Q_OBJECT
public:
    explicit CompareHead(Comparison* comparison, QWidget* parent = nullptr);

    QString factsText() const;
    SegmentedControl* view() const { return m_view; }
    QPushButton* addRun() const { return m_add; }

signals:
    void addRunRequested();
    void runAgainRequested();
    void csvRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void refresh();
    void applyTheme();

    Comparison* m_comparison;
    ElidedLabel* m_question = nullptr;
    ElidedLabel* m_facts = nullptr;
    SegmentedControl* m_view = nullptr;
    QPushButton* m_add = nullptr;
    QPushButton* m_again = nullptr;
    QPushButton* m_csv = nullptr;
};

/** What the comparison shows in words, with "Open in Inspect" beside it. */
class CompareNote : public QWidget {
    Q_OBJECT
public:
    explicit CompareNote(Comparison* comparison, QWidget* parent = nullptr);
    QString text() const;

signals:
    void openInInspectRequested(qint64 run);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void refresh();
    /** The one that the selection is in, else A. */
    const RunView* runToOpen() const;

    Comparison* m_comparison;
    StyledLabel* m_words = nullptr;
    QPushButton* m_open = nullptr;
};

} // namespace moescope::ui
