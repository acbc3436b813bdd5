// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/whatif.h"
#include "ui/panels/whatifbox.h"

#include <QPointer>

class QCheckBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;
class QSpinBox;

namespace moescope::ui {

class Banner;
class IconButton;

/** Above the composer while a what-if is being made: says it and runs the answer in view again with it, in one line where
 *  there is room. Its settings open below. */
class WhatIfBar : public WhatIfBox {
    Q_OBJECT
public:
    explicit WhatIfBar(QWidget* parent = nullptr);

    void setWhatIf(WhatIf* whatIf);
    /** Why nothing can be run again; empty: something can. */
    void setUnavailable(const QString& reason);
    /** Where the editor of biases begins: at the selected expert, if there is one. */
    void setSelected(const std::optional<trace::ExpertPlace>& place) { m_selected = place; }
    /** Opens the editor of biases at this expert. */
    void editBias(const trace::ExpertPlace& place);

signals:
    /** The answer in view once more: same prompt, sampling and seed, with the recipe. */
    void rerunRequested();

private:
    void makeSettings();
    void refresh();
    void refreshButtons();
    void setBias();
    void showPlace(const trace::ExpertPlace& place);

    QPointer<WhatIf> m_whatIf;
    QString m_unavailable;
    bool m_open = false; ///< as the bar shows it
    std::optional<trace::ExpertPlace> m_selected;
    IconButton* m_change = nullptr;
    IconButton* m_undo = nullptr;
    QPushButton* m_remove = nullptr;
    QPushButton* m_rerun = nullptr;
    QWidget* m_settings = nullptr;
    QCheckBox* m_shared = nullptr;
    QLabel* m_usedName = nullptr;
    QSpinBox* m_used = nullptr;
    QPushButton* m_bias = nullptr;
    QWidget* m_editor = nullptr; ///< of biases
    QSpinBox* m_layer = nullptr;
    QSpinBox* m_expert = nullptr;
    QDoubleSpinBox* m_value = nullptr;
    QPushButton* m_set = nullptr;
    Banner* m_problem = nullptr;
};

} // namespace moescope::ui
