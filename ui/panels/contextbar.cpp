// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/contextbar.h"

#include "ui/theme/plaintooltip.h"

#include <QPushButton>

namespace moescope::ui {

ContextBar::ContextBar(QWidget* parent) : Banner(Kind::Warning, {}, parent) {
    setClosable(true);
    m_newest = addAction(tr("Keep the newest turns"));
    m_longer = addAction(tr("Load a longer context"));
    m_newchat = addAction(tr("Start a new chat with this"));
    connect(m_newest, &QPushButton::clicked, this, [this] { emit chosen(ContextChoice::Newest); });
    connect(m_longer, &QPushButton::clicked, this, [this] { emit chosen(ContextChoice::Longer); });
    connect(m_newchat, &QPushButton::clicked, this, [this] { emit chosen(ContextChoice::NewChat); });
    hide();
}

void ContextBar::setOffer(const ContextOffer& offer) {
    m_offer = offer;
    refresh();
    setVisible(!offer.isEmpty());
}

void ContextBar::setAvailable(bool available) {
    m_available = available;
    refresh();
}

void ContextBar::refresh() {
    const auto show = [this](QPushButton* button, const QString& what, const QString& refusal) {
        button->setEnabled(m_available && refusal.isEmpty());
        const QString words = refusal.isEmpty() ? what : refusal;
        button->setToolTip(plainToolTip(words));
        button->setAccessibleDescription(words);
    };
    show(m_newest, m_offer.newest, m_offer.newest_refusal);
    show(m_longer, m_offer.longer, m_offer.longer_refusal);
    show(m_newchat, m_offer.newchat, m_offer.newchat_refusal);
    // What is off says why without a pointer over it.
    QStringList refusals;
    if (!m_offer.newest_refusal.isEmpty()) {
        refusals << tr("Newest turns: %1").arg(m_offer.newest_refusal);
    }
    if (!m_offer.longer_refusal.isEmpty()) {
        refusals << tr("Longer context: %1").arg(m_offer.longer_refusal);
    }
    if (!m_offer.newchat_refusal.isEmpty()) {
        refusals << tr("New chat: %1").arg(m_offer.newchat_refusal);
    }
    setText((QStringList{m_offer.sentence} + refusals).join(QLatin1Char('\n')));
}

} // namespace moescope::ui
