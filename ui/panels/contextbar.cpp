// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/contextbar.h"

#include "ui/theme/plaintooltip.h"

#include <QPushButton>

namespace moescope::ui {

namespace {

constexpr int kNarrow = 420; ///< px

} // namespace

ContextBar::ContextBar(QWidget* parent) : Banner(Kind::Warning, {}, parent) {
    setClosable(true);
    m_newest = addAction(tr("Keep the newest turns"));
    m_longer = addAction(tr("Load a longer context"));
    m_newchat = addAction(tr("Start a new chat with this"));
    m_newest->setAccessibleName(m_newest->text());
    m_longer->setAccessibleName(m_longer->text());
    m_newchat->setAccessibleName(m_newchat->text());
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

void ContextBar::resizeEvent(QResizeEvent* event) {
    Banner::resizeEvent(event);
    if (const bool narrow = width() < kNarrow; narrow != m_narrow) {
        m_narrow = narrow;
        refresh();
    }
}

void ContextBar::refresh() {
    m_newest->setText(m_narrow ? tr("Newest turns") : m_newest->accessibleName());
    m_longer->setText(m_narrow ? tr("Longer context") : m_longer->accessibleName());
    m_newchat->setText(m_narrow ? tr("New chat") : m_newchat->accessibleName());
    QStringList lines{m_narrow ? m_offer.brief : m_offer.sentence};
    // What the model would forget, and why a choice is off, can be read without a pointer over a button.
    const auto show = [&](QPushButton* button, const QString& line, const QString& what, const QString& refusal,
                          bool always) {
        button->setEnabled(m_available && refusal.isEmpty());
        const QString words = line.arg(refusal.isEmpty() ? what : refusal);
        button->setToolTip(plainToolTip(words));
        button->setAccessibleDescription(words);
        if (!m_narrow && (always || !refusal.isEmpty())) {
            lines << words;
        }
    };
    show(m_newest, tr("Newest turns: %1"), m_offer.newest, m_offer.newest_refusal, true);
    show(m_longer, tr("Longer context: %1"), m_offer.longer, m_offer.longer_refusal, false);
    show(m_newchat, tr("New chat: %1"), m_offer.newchat, m_offer.newchat_refusal, false);
    setText(m_offer.isEmpty() ? QString() : lines.join(QLatin1Char('\n')));
}

} // namespace moescope::ui
