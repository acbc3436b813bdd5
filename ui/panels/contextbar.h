// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/contextoffer.h"
#include "ui/widgets/banner.h"

namespace moescope::ui {

/** What can be done where a chat has outgrown its context: a sentence and three buttons, of which those that would not help
 *  are off and say why; below 420 px in brief. Shown while there is something to choose. */
class ContextBar : public Banner {
    Q_OBJECT
public:
    explicit ContextBar(QWidget* parent = nullptr);

    void setOffer(const ContextOffer& offer);
    const ContextOffer& offer() const { return m_offer; }
    /** Off while an answer is made or a model is loaded. */
    void setAvailable(bool available);

signals:
    void chosen(moescope::ui::ContextChoice choice);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();

    ContextOffer m_offer;
    QPushButton* m_newest = nullptr;
    QPushButton* m_longer = nullptr;
    QPushButton* m_newchat = nullptr;
    bool m_available = true;
    bool m_narrow = false;
};

} // namespace moescope::ui
