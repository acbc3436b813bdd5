// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"

#include <QFrame>

class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QSpinBox;

namespace moescope::ui {

/** Fields for sampling settings and the system prompt; used by the composer's popover and the settings page. */
class SamplingForm : public QWidget {
    Q_OBJECT
public:
    explicit SamplingForm(QWidget* parent = nullptr);

    void setSampling(const SamplingView& sampling);
    SamplingView sampling() const;
    /** px from the form's left edge to its fields; longer words take more. */
    void setFieldsLeft(int px);

protected:
    void changeEvent(QEvent* event) override;

signals:
    void changed(const moescope::ui::SamplingView& sampling);

private:
    void tell();
    void applyTheme();

    QDoubleSpinBox* m_temperature = nullptr;
    QDoubleSpinBox* m_topP = nullptr;
    QSpinBox* m_topK = nullptr;
    QDoubleSpinBox* m_minP = nullptr;
    QDoubleSpinBox* m_penalty = nullptr;
    QSpinBox* m_mostTokens = nullptr;
    QLineEdit* m_seed = nullptr;
    QPlainTextEdit* m_system = nullptr;
    bool m_thinking = true; ///< is not edited here
    bool m_quiet = false;
};

/** The form as a popup beside the settings chip. */
class SamplingPopover : public QFrame {
    Q_OBJECT
public:
    explicit SamplingPopover(QWidget* parent = nullptr);

    void setSampling(const SamplingView& sampling);
    void setDefaults(const SamplingView& defaults);
    /** Above `anchor` where there is room, else below. */
    void openAt(const QWidget* anchor);

signals:
    void changed(const moescope::ui::SamplingView& sampling);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    SamplingForm* m_form = nullptr;
    SamplingView m_defaults;
};

} // namespace moescope::ui
