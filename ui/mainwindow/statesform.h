// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

class QCheckBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;

namespace moescope::ui {

/** What is kept of the KV caches of conversations, on the disk. */
struct KvStatesView {
    static constexpr quint64 kDefaultBudget = quint64{4} << 30;

    bool kept = true;
    quint64 budget = kDefaultBudget; ///< bytes that all of them may take
    quint64 used = 0;                ///< bytes
    int conversations = 0;           ///< that have some

    bool operator==(const KvStatesView&) const = default;
};

/** Whether KV states are kept between starts, how many bytes of them, and a button that removes those that are there. */
class StatesForm : public QWidget {
    Q_OBJECT
public:
    explicit StatesForm(const KvStatesView& states, QWidget* parent = nullptr);

    /** What is used now; the controls stay as they are. */
    void setUse(quint64 bytes, int conversations);
    void restoreDefaults();

signals:
    /** `budget` bytes; 0: none are kept, and those that are there go. */
    void budgetChosen(quint64 budget);
    void clearRequested();

private:
    void choose();
    quint64 budget() const;

    QCheckBox* m_kept = nullptr;
    QDoubleSpinBox* m_budget = nullptr;
    QLabel* m_use = nullptr;
    QPushButton* m_clear = nullptr;
};

} // namespace moescope::ui
