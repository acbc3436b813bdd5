// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/firststartparts.h"

#include "ui/panels/styledlabel.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QPainter>
#include <QTextLayout>

namespace moescope::ui {

namespace {

constexpr int kMark = 62;  ///< px
constexpr int kCell = 9;   ///< px
constexpr int kPitch = 11; ///< px
/** Gate weight of each cell of the mark, 0: not chosen. */
constexpr double kCells[4][4] = {{0, 0.02, 0.5, 0}, {0, 0.25, 0, 0.5}, {0.125, 0.02, 0.25, 0.02}, {0.25, 0.125, 0, 0}};

} // namespace

AppMark::AppMark(QWidget* parent) : QWidget(parent) { setFixedSize(kMark, kMark); }

void AppMark::paintEvent(QPaintEvent*) {
    static const Theme dark(Scheme::Dark);
    static const Theme light(Scheme::Light);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(dark.color(Color::Raised));
    painter.drawRoundedRect(rect(), 14, 14);
    const int left = (kMark - 3 * kPitch - kCell) / 2;
    for (int row = 0; row < 4; ++row) {
        for (int column = 0; column < 4; ++column) {
            const double weight = kCells[row][column];
            painter.setBrush(weight > 0.1 ? light.sequential(weight)
                                          : (weight > 0 ? light.color(Color::TextMuted) : dark.color(Color::Border)));
            painter.drawRoundedRect(QRect(left + column * kPitch, left + row * kPitch, kCell, kCell), 2, 2);
        }
    }
}

SuggestionCard::SuggestionCard(const QString& prompt, const QString& caption, QWidget* parent)
    : QAbstractButton(parent), m_caption(caption) {
    setText(prompt);
    setAccessibleName(prompt);
    setAccessibleDescription(caption);
    setToolTip(tr("Send this prompt"));
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QFont SuggestionCard::promptFont() {
    QFont font = theme().font(TextStyle::Ui);
    font.setWeight(QFont::Medium);
    return font;
}

QStringList SuggestionCard::promptLines(int width) const {
    const int room = width - 15 - 44;
    QTextLayout layout(text(), promptFont());
    layout.beginLayout();
    QTextLine line = layout.createLine();
    line.setLineWidth(room);
    const int first = line.textLength();
    layout.endLayout();
    QStringList lines(text().left(first).trimmed());
    if (first < text().size()) {
        lines.append(QFontMetrics(promptFont()).elidedText(text().mid(first), Qt::ElideRight, room));
    }
    return lines;
}

int SuggestionCard::heightForWidth(int width) const {
    const auto lines = static_cast<int>(promptLines(width).size());
    return 22 + lines * theme().lineHeight(TextStyle::Ui) + theme().lineHeight(TextStyle::Small) + 4;
}

void SuggestionCard::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool over = isEnabled() && underMouse();
    const Color fill = isDown() ? Color::Pressed : (over ? Color::Hover : Color::Panel);
    painter.setBrush(look.color(fill));
    const bool focus = hasFocus();
    const qreal pen = focus ? 2 : 1;
    painter.setPen(QPen(look.color(focus ? Color::AccentText : (over ? Color::BorderStrong : Color::Border)), pen));
    painter.drawRoundedRect(QRectF(rect()).adjusted(pen / 2, pen / 2, -pen / 2, -pen / 2), 6, 6);
    const int line = look.lineHeight(TextStyle::Ui);
    const QStringList prompt = promptLines(width());
    const int prompts = static_cast<int>(prompt.size()) * line;
    const QRect first(15, 11, width() - 15 - 44, prompts);
    const QRect second(15, 11 + prompts + 2, width() - 15 - 15, look.lineHeight(TextStyle::Small));
    painter.setFont(promptFont());
    painter.setPen(look.color(isEnabled() ? Color::Text : Color::TextMuted));
    for (int at = 0; at < prompt.size(); ++at) {
        painter.drawText(QRect(first.left(), first.top() + at * line, first.width() + 1, line),
                         Qt::AlignLeft | Qt::AlignVCenter, prompt.at(at));
    }
    painter.setFont(look.font(TextStyle::Small));
    painter.setPen(look.color(Color::TextMuted));
    painter.drawText(second, Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetrics(painter.font()).elidedText(m_caption, Qt::ElideRight, second.width()));
    painter.drawPixmap(
        width() - 15 - 16, 11 + (line - 16) / 2,
        look.pixmap(QStringLiteral("chevron-right"), 16, look.color(Color::TextSecondary), devicePixelRatioF()));
}

void SuggestionCard::enterEvent(QEnterEvent*) { update(); }

void SuggestionCard::leaveEvent(QEvent*) { update(); }

ModelBanner::ModelBanner(QWidget* parent) : QWidget(parent) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(39, 9, 13, 9);
    m_text = new QLabel(this);
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::RichText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_text->setFocusPolicy(Qt::NoFocus);
    row->addWidget(m_text);
}

void ModelBanner::setWords(const QString& bold, const QString& rest, bool warning) {
    m_bold = bold;
    m_rest = rest;
    m_warning = warning;
    setAccessibleName(QStringLiteral("%1 %2").arg(bold, rest));
    apply();
}

void ModelBanner::apply() {
    m_text->setFont(theme().font(TextStyle::Ui));
    m_text->setText(QStringLiteral("<p style=\"line-height:%1px; margin:0\"><b>%2</b> %3</p>")
                        .arg(theme().lineHeight(TextStyle::Ui))
                        .arg(m_bold.toHtmlEscaped(), m_rest.toHtmlEscaped()));
    update();
}

void ModelBanner::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_text != nullptr) {
        apply();
    }
}

void ModelBanner::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(look.color(m_warning ? Color::WarnTint : Color::AccentTint));
    painter.setPen(look.color(m_warning ? Color::Warn : Color::AccentTintStrong));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    const QString icon = m_warning ? QStringLiteral("warning") : QStringLiteral("info");
    painter.drawPixmap(13, 12,
                       look.pixmap(icon, 16, look.color(m_warning ? Color::Warn : Color::Text), devicePixelRatioF()));
}

} // namespace moescope::ui
