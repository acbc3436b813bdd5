// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/filterline.h"

#include "ui/models/conversation.h"
#include "ui/theme/plaintooltip.h"
#include "ui/theme/theme.h"

#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <QStyle>

#include <algorithm>

namespace moescope::ui {
namespace {

constexpr int kPauseMs = 250; ///< without a key, and the line is read
constexpr int kSentenceWidth = 380;
constexpr int kTextSides = 10;     ///< px that a line edit leaves free beside its text
constexpr int kRest = 18;          ///< px in which an ellipsis stands for what does not fit
constexpr int kExampleWidth = 220; ///< px of the field in which the example can be read

} // namespace

FilterLine::FilterLine(QWidget* parent) : SearchField(parent) {
    setIconName(QStringLiteral("filter"));
    setAccessibleName(tr("Filter of the routing"));
    setClearButtonEnabled(false);
    placeText();
    m_pause.setSingleShot(true);
    m_pause.setInterval(kPauseMs);
    connect(&m_pause, &QTimer::timeout, this, &FilterLine::apply);
    connect(this, &QLineEdit::textEdited, this, &FilterLine::typed);
    connect(this, &QLineEdit::textChanged, this, &FilterLine::wordsChanged);
}

void FilterLine::setFilter(const Filter& filter) {
    if (filter.line() == m_applied) {
        return;
    }
    m_applied = filter.line();
    m_pause.stop();
    setText(m_applied);
    setCursorPosition(0); // seen from its beginning
    placeText();
    setError(std::nullopt);
}

void FilterLine::setMatches(qint64 matching, qint64 all) {
    const QString matches = matching < 0 ? QString() : tr("%1 of %2").arg(groupedText(matching), groupedText(all));
    if (matches != m_matches) {
        m_matches = matches;
        placeText();
        setAccessibleDescription(m_matches.isEmpty() ? QString() : tr("%1 choices match").arg(m_matches));
        update();
        emit wordsChanged();
    }
}

void FilterLine::placeText() {
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const int words = m_matches.isEmpty() ? 0 : matchesWidth();
    const QMargins margins = textMargins();
    const int icon = mirrored ? margins.right() : margins.left();
    // The filter itself comes first.
    m_matchesShown = words > 0 && icon + fontMetrics().horizontalAdvance(text()) + words + kTextSides <= width();
    const int room = m_matchesShown ? words : 0;
    setTextMargins(mirrored ? room : icon, 0, mirrored ? icon : room, 0);
    const QString names =
        tr("Greys out what does not match. Names: %1").arg(Filter::names().join(QStringLiteral(", ")));
    setToolTip(
        plainToolTip(m_matches.isEmpty() ? names : tr("%1: %2 choices match. %3").arg(m_applied, m_matches, names)));
    setPlaceholderText(width() < qRound(kExampleWidth * theme().fontScale()) ? tr("Filter")
                                                                             : tr("Filter: layer>3 && weight<0.4"));
}

bool FilterLine::isCut() const {
    const int side = std::max(textMargins().left(), textMargins().right());
    return !hasFocus() && side + fontMetrics().horizontalAdvance(text()) + kTextSides > width();
}

int FilterLine::wantedWidth() const {
    const int icon = layoutDirection() == Qt::RightToLeft ? textMargins().right() : textMargins().left();
    constexpr int cursor = 4; // px, so that the text does not scroll while it is typed
    return text().isEmpty() ? 0
                            : icon + fontMetrics().horizontalAdvance(text()) + kTextSides + cursor +
                                  (m_matches.isEmpty() ? 0 : matchesWidth());
}

QSize FilterLine::sizeHint() const {
    const QSize hint = SearchField::sizeHint();
    return {minimumWidth() > 0 ? minimumWidth() : hint.width(), hint.height()};
}

int FilterLine::matchesWidth() const {
    return QFontMetrics(theme().font(TextStyle::Axis)).horizontalAdvance(m_matches) + 8;
}

void FilterLine::typed() {
    // A sentence about what is being mended would only be in the way.
    setError(std::nullopt);
    placeText();
    m_pause.start();
}

void FilterLine::apply() {
    m_pause.stop();
    const auto result = Filter::parse(text());
    if (const auto* error = std::get_if<FilterError>(&result)) {
        setError(*error);
        return;
    }
    setError(std::nullopt);
    const auto& filter = std::get<Filter>(result);
    if (filter.line() != m_applied) {
        m_applied = filter.line();
        emit filterChosen(filter);
    }
}

void FilterLine::setError(const std::optional<FilterError>& error) {
    m_error = error;
    if (error) {
        setAccessibleDescription(error->sentence);
    }
    showSentence();
    update();
}

void FilterLine::showSentence() {
    if (!m_error || !hasFocus()) {
        if (m_sentence != nullptr) {
            m_sentence->hide();
        }
        return;
    }
    if (m_sentence == nullptr) {
        m_sentence = new QLabel(window());
        m_sentence->setWordWrap(true);
        m_sentence->setTextFormat(Qt::PlainText);
        m_sentence->setMargin(8);
        m_sentence->setAutoFillBackground(true);
        m_sentence->setFrameShape(QFrame::Box);
    }
    QPalette colors = m_sentence->palette();
    colors.setColor(QPalette::Window, theme().color(Color::ErrorTint));
    colors.setColor(QPalette::WindowText, theme().color(Color::Text));
    m_sentence->setPalette(colors);
    m_sentence->setFont(theme().font(TextStyle::Small));
    m_sentence->setText(m_error->sentence);
    const int width = std::min(qRound(kSentenceWidth * theme().fontScale()), window()->width() - 16);
    const QPoint below = mapTo(window(), QPoint(0, height() + 4));
    const int left = std::clamp(below.x(), 8, std::max(8, window()->width() - width - 8));
    m_sentence->setGeometry(left, below.y(), width, m_sentence->heightForWidth(width));
    m_sentence->show();
    m_sentence->raise();
}

void FilterLine::paintEvent(QPaintEvent* event) {
    SearchField::paintEvent(event);
    QPainter painter(this);
    if (isCut()) {
        const QRect rest =
            QStyle::visualRect(layoutDirection(), rect(), QRect(width() - kRest - 2, 4, kRest, height() - 8));
        painter.fillRect(rest, palette().base());
        painter.setFont(font());
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(rest, Qt::AlignLeading | Qt::AlignVCenter, QStringLiteral("…"));
    }
    if (m_error) {
        paintError(painter);
    } else if (m_matchesShown) {
        painter.setFont(theme().font(TextStyle::Axis));
        painter.setPen(theme().color(Color::TextMuted));
        painter.drawText(rect().adjusted(8, 0, -8, 0), Qt::AlignVCenter | Qt::AlignRight, m_matches);
    }
}

void FilterLine::paintError(QPainter& painter) const {
    const QFontMetrics metrics = fontMetrics();
    // The line may be scrolled: the cursor tells where the text begins.
    const int begin = cursorRect().center().x() - metrics.horizontalAdvance(text().left(cursorPosition()));
    const int left = begin + metrics.horizontalAdvance(text().left(m_error->at));
    const int width = std::max(6, metrics.horizontalAdvance(text().mid(m_error->at, m_error->length)));
    const int bottom = (height() + metrics.height()) / 2;
    QPainterPath wave(QPointF(left, bottom));
    for (int x = 2, up = 1; x <= width; x += 2, up = 1 - up) {
        wave.lineTo(left + x, bottom - 2 * up);
    }
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setClipRect(rect().adjusted(textMargins().left(), 0, -textMargins().right() - 4, 0));
    painter.setPen(QPen(theme().color(Color::Error), 1.2));
    painter.drawPath(wave);
}

void FilterLine::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        apply();
        if (m_error) {
            setCursorPosition(static_cast<int>(m_error->at));
        }
        return;
    }
    if (event->key() == Qt::Key_Escape && !text().isEmpty()) {
        clear();
        apply();
        return;
    }
    SearchField::keyPressEvent(event);
}

void FilterLine::focusInEvent(QFocusEvent* event) {
    SearchField::focusInEvent(event);
    showSentence();
}

void FilterLine::focusOutEvent(QFocusEvent* event) {
    SearchField::focusOutEvent(event);
    if (m_pause.isActive()) {
        apply();
    }
    setCursorPosition(0);
    placeText();
    showSentence();
}

void FilterLine::resizeEvent(QResizeEvent* event) {
    SearchField::resizeEvent(event);
    placeText();
    showSentence();
}

} // namespace moescope::ui
