// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/frameddialog.h"
#include "ui/models/runview.h"

class QComboBox;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace moescope::ui {

class StyledLabel;

/** What a needle grid is to be made of: kind, lengths, depths, cases in a cell, seed and text. */
class NeedleSheet : public FramedDialog {
    Q_OBJECT
public:
    /** `most`: tokens that the model's context holds; 0: not known. */
    NeedleSheet(const NeedleGridSettings& settings, int most, QWidget* parent);

    NeedleGridSettings settings() const;
    QString problem() const;

signals:
    /** Chosen: the dialog closes. */
    void chosen(const moescope::ui::NeedleGridSettings& settings);

private:
    void refresh();

    int m_most;
    QComboBox* m_kind = nullptr;
    QLineEdit* m_lengths = nullptr;
    QLineEdit* m_depths = nullptr;
    QSpinBox* m_cases = nullptr;
    QLineEdit* m_seed = nullptr;
    QLineEdit* m_text = nullptr;
    StyledLabel* m_sum = nullptr;
    StyledLabel* m_problem = nullptr;
    QPushButton* m_start = nullptr;
};

} // namespace moescope::ui
