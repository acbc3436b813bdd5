// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"

#include <QFrame>

#include <functional>

class QDoubleSpinBox;
class QLineEdit;
class QPlainTextEdit;
class QSpinBox;

namespace moescope::ui {

class StyledLabel;

/** Fields for sampling settings and the system prompt; used by the composer's popover and the settings page. */
class SamplingForm : public QWidget {
    Q_OBJECT
public:
    explicit SamplingForm(QWidget* parent = nullptr);

    void setSampling(const SamplingView& sampling);
    SamplingView sampling() const;
    /** Marks the fields that are not as here, with what is here. */
    void setDefaults(const SamplingView& defaults);
    /** px from the form's left edge to its fields; longer words take more. */
    void setFieldsLeft(int px);

protected:
    void changeEvent(QEvent* event) override;

signals:
    void changed(const moescope::ui::SamplingView& sampling);

private:
    /** A field's remark, and what the field shows of some settings. */
    struct Remark {
        StyledLabel* label;
        QString text;
        std::function<QString(const SamplingView&)> shown;
    };

    void tell();
    void refreshRemarks();
    void applyTheme();

    QList<Remark> m_remarks;
    std::optional<SamplingView> m_defaults;
    QDoubleSpinBox* m_temperature = nullptr;
    QDoubleSpinBox* m_topP = nullptr;
    QSpinBox* m_topK = nullptr;
    QDoubleSpinBox* m_minP = nullptr;
    QDoubleSpinBox* m_penalty = nullptr;
    QSpinBox* m_mostTokens = nullptr;
    QLineEdit* m_seed = nullptr;
    QPlainTextEdit* m_system = nullptr;
    SamplingView m_given; ///< a field shows two decimals of it, and has no place for all of it
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
