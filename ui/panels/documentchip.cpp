// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/documentchip.h"

#include "ui/theme/plaintooltip.h"
#include "ui/theme/theme.h"
#include "ui/widgets/flowlayout.h"
#include "ui/widgets/iconbutton.h"

#include <QApplication>
#include <QKeyEvent>
#include <QPainter>

#include <utility>

namespace moescope::ui {

namespace {

constexpr int kSide = 8;       ///< px from the edge to the icon and from the words to the edge
constexpr int kIcon = 14;      ///< px
constexpr int kGap = 6;        ///< px between icon, name and figure
constexpr int kMostName = 260; ///< px: a longer name loses its middle
constexpr int kClose = 20;     ///< px

int nameWidth(const QString& name) {
    const QFontMetrics metrics(theme().font(TextStyle::Small));
    const int most = qRound(kMostName * theme().fontScale());
    return metrics.horizontalAdvance(metrics.elidedText(name, Qt::ElideMiddle, most)) + 2;
}

int figureWidth(const QString& figure) {
    return QFontMetrics(theme().font(TextStyle::Axis)).horizontalAdvance(figure) + 1;
}

} // namespace

DocumentChip::DocumentChip(const DocumentView& document, bool closable, QWidget* parent) : QAbstractButton(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    if (closable) {
        m_close = new IconButton(QStringLiteral("close"), tr("Remove"), this);
        m_close->setSmall(true);
        connect(m_close, &QAbstractButton::clicked, this, &DocumentChip::closeRequested);
    }
    setDocument(document);
}

void DocumentChip::setDocument(const DocumentView& document) {
    m_document = document;
    describe();
    updateGeometry();
    update();
}

void DocumentChip::setFound(bool found, bool current) {
    if (found != m_found || current != m_current) {
        m_found = found;
        m_current = current;
        update();
    }
}

void DocumentChip::describe() {
    const QString figure = documentText(m_document);
    setAccessibleName(tr("Document %1, %2").arg(m_document.name, figure));
    setAccessibleDescription(m_close != nullptr ? tr("Enter shows its text, Delete removes it.")
                                                : tr("Enter shows its text."));
    setToolTip(plainToolTip(QStringLiteral("%1 · %2").arg(m_document.name, figure)));
    if (m_close != nullptr) {
        const QString remove = tr("Remove %1").arg(m_document.name);
        m_close->setAccessibleName(remove);
        m_close->setToolTip(plainToolTip(remove));
    }
}

QSize DocumentChip::sizeHint() const {
    const int words = nameWidth(m_document.name) + kGap + figureWidth(documentText(m_document));
    const int close = m_close != nullptr ? kClose : kSide - 2;
    return {kSide + kIcon + kGap + words + 4 + close, theme().lineHeight(TextStyle::Small) + 10};
}

void DocumentChip::place() {
    if (m_close != nullptr) {
        m_close->setGeometry(width() - kClose - 2, (height() - kClose) / 2, kClose, kClose);
    }
}

void DocumentChip::resizeEvent(QResizeEvent*) { place(); }

void DocumentChip::changeEvent(QEvent* event) {
    QAbstractButton::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        updateGeometry();
        update();
    }
}

void DocumentChip::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
    case Qt::Key_Delete:
    case Qt::Key_Backspace:
        if (m_close != nullptr) {
            emit closeRequested();
            return;
        }
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter: click(); return;
    default: break;
    }
    QAbstractButton::keyPressEvent(event);
}

void DocumentChip::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool focus = hasFocus();
    const qreal pen = focus || m_current ? 2 : 1;
    const Color edge = focus ? Color::AccentText : m_found ? Color::Warn : Color::Border;
    const Color rest = m_found ? Color::WarnTint : Color::Raised;
    painter.setPen(QPen(look.color(edge), pen));
    painter.setBrush(look.color(isDown() ? Color::Pressed : underMouse() ? Color::Hover : rest));
    painter.drawRoundedRect(QRectF(rect()).adjusted(pen / 2, pen / 2, -pen / 2, -pen / 2), 4, 4);
    painter.drawPixmap(
        kSide, (height() - kIcon) / 2,
        look.pixmap(QStringLiteral("file"), kIcon, look.color(Color::TextSecondary), devicePixelRatioF()));
    const QString figure = documentText(m_document);
    const int end = m_close != nullptr ? m_close->x() - 2 : width() - kSide;
    const int left = kSide + kIcon + kGap;
    const int figures = figureWidth(figure);
    const int room = qMax(0, end - left - kGap - figures);
    painter.setFont(look.font(TextStyle::Small));
    painter.setPen(look.color(Color::Text));
    const QString name = QFontMetrics(painter.font()).elidedText(m_document.name, Qt::ElideMiddle, room);
    painter.drawText(QRect(left, 0, room, height()), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, name);
    painter.setFont(look.font(TextStyle::Axis));
    painter.setPen(look.color(Color::TextMuted));
    painter.drawText(QRect(end - figures, 0, figures, height()), Qt::AlignRight | Qt::AlignVCenter, figure);
}

DocumentStrip::DocumentStrip(bool closable, QWidget* parent) : QWidget(parent), m_closable(closable) {
    m_rows = new FlowLayout(kGap, this);
    setAccessibleName(tr("Documents"));
    hide();
}

void DocumentStrip::setDocuments(const QList<DocumentView>& documents) {
    const bool same = documents.size() == m_chips.size() &&
                      std::equal(documents.begin(), documents.end(), m_documents.begin(),
                                 [](const DocumentView& one, const DocumentView& other) { return one.id == other.id; });
    m_documents = documents;
    if (same) { // a figure came: the chips and the focus stay
        for (qsizetype i = 0; i < m_chips.size(); ++i) {
            m_chips.at(i)->setDocument(documents.at(i));
        }
    } else {
        const bool focused = isAncestorOf(QApplication::focusWidget());
        for (DocumentChip* chip : std::as_const(m_chips)) {
            chip->hide();
            chip->deleteLater(); // its own signal may have brought us here
            m_rows->removeWidget(chip);
        }
        m_chips.clear();
        for (int i = 0; i < documents.size(); ++i) {
            auto* chip = new DocumentChip(documents.at(i), m_closable, this);
            connect(chip, &DocumentChip::closeRequested, this,
                    [this, id = documents.at(i).id] { emit closeRequested(id); });
            connect(chip, &QAbstractButton::clicked, this, [this, i] { emit openRequested(i); });
            m_rows->addWidget(chip);
            m_chips.append(chip);
        }
        if (focused) {
            emit focusLost();
        }
    }
    m_rows->invalidate();
    setVisible(!documents.isEmpty());
}

void DocumentStrip::setFound(const QList<int>& documents, int current) {
    for (int i = 0; i < m_chips.size(); ++i) {
        m_chips.at(i)->setFound(documents.contains(i), i == current);
    }
}

int DocumentStrip::idealWidth(int most) const {
    int wide = 0;
    for (const DocumentChip* chip : m_chips) {
        wide += (wide > 0 ? kGap : 0) + chip->sizeHint().width();
    }
    return qMin(wide, most);
}

int DocumentStrip::rowsHeight(int width) const { return m_documents.isEmpty() ? 0 : m_rows->heightForWidth(width); }

void DocumentStrip::chainAfter(QWidget* before) {
    for (DocumentChip* chip : std::as_const(m_chips)) {
        for (QWidget* part : {static_cast<QWidget*>(chip), static_cast<QWidget*>(chip->findChild<IconButton*>())}) {
            if (part != nullptr) {
                setTabOrder(before, part);
                before = part;
            }
        }
    }
}

} // namespace moescope::ui
