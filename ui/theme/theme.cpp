// SPDX-License-Identifier: Apache-2.0
#include "ui/theme/theme.h"

#include "ui/theme/colormap.h"
#include "ui/theme/designtokens.h"
#include "ui/theme/icons.h"
#include "ui/theme/style.h"

#include <QApplication>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QMainWindow>
#include <QPainter>
#include <QStyleHints>
#include <QToolTip>
#include <QWidget>

#include <algorithm>
#include <cmath>
#include <optional>

namespace moescope::ui {

namespace {

constexpr int kSmallestFont = 11; // px: the design allows nothing below

std::optional<Theme>& current() {
    static std::optional<Theme> instance;
    return instance;
}

/** The palette before the first setTheme(), which hides the system's one. */
std::optional<QPalette>& systemPalette() {
    static std::optional<QPalette> palette;
    return palette;
}

template <size_t N>
std::array<QColor, N> colorsOf(const std::array<uint32_t, N>& values) {
    std::array<QColor, N> colors;
    std::transform(values.begin(), values.end(), colors.begin(), [](uint32_t rgb) { return QColor(QRgb(rgb)); });
    return colors;
}

QColor entry(const std::array<QRgb, 256>& table, double share) {
    // The negated comparison sends NaN to the lower end.
    const double clamped = !(share > 0.0) ? 0.0 : std::min(share, 1.0);
    return QColor(table[static_cast<size_t>(std::lround(clamped * 255.0))]);
}

} // namespace

Theme::Theme(Scheme scheme, double fontScale) : m_scheme(scheme), m_fontScale(std::clamp(fontScale, 0.5, 4.0)) {
    const size_t side = scheme == Scheme::Light ? 0 : 1;
    for (size_t i = 0; i < m_colors.size(); ++i) {
        m_colors[i] = QColor(QRgb(side == 0 ? kTokenColors[i].light : kTokenColors[i].dark));
    }
    m_expertStrong = colorsOf(kExpertStrong[side]);
    m_expertTint = colorsOf(kExpertTint[side]);
    m_sequential = colorTable(kSequentialStops[side]);
    m_diverging = colorTable(kDivergingStops[side]);
}

QFont Theme::font(TextStyle style) const {
    const TokenType& type = kTokenTypes[static_cast<size_t>(style)];
    QFont font = QFontDatabase::systemFont(type.mono ? QFontDatabase::FixedFont : QFontDatabase::GeneralFont);
    font.setPixelSize(std::max(kSmallestFont, static_cast<int>(std::lround(type.px * m_fontScale))));
    font.setWeight(static_cast<QFont::Weight>(type.weight));
    if (type.mono) {
        font.setStyleHint(QFont::Monospace);
    }
    return font;
}

int Theme::lineHeight(TextStyle style) const {
    return static_cast<int>(std::lround(kTokenTypes[static_cast<size_t>(style)].line * m_fontScale));
}

QColor Theme::sequential(double value) const { return entry(m_sequential, value); }

QColor Theme::diverging(double ratio) const {
    return entry(m_diverging, ratio > 0.0 ? (std::log2(ratio) + 2.0) / 4.0 : 0.0);
}

QColor Theme::textOn(const QColor& background) {
    return contrast(background, Qt::black) >= contrast(background, Qt::white) ? QColor(Qt::black) : QColor(Qt::white);
}

QPalette Theme::palette() const {
    QPalette palette;
    const auto set = [&](QPalette::ColorRole role, Color name) { palette.setColor(role, color(name)); };
    set(QPalette::Window, Color::Window);
    set(QPalette::WindowText, Color::Text);
    set(QPalette::Base, Color::Panel);
    set(QPalette::AlternateBase, Color::Sunken);
    set(QPalette::Text, Color::Text);
    set(QPalette::Button, Color::Raised);
    set(QPalette::ButtonText, Color::Text);
    set(QPalette::BrightText, Color::OnAccent);
    set(QPalette::ToolTipBase, Color::Raised);
    set(QPalette::ToolTipText, Color::Text);
    set(QPalette::PlaceholderText, Color::TextMuted);
    set(QPalette::Highlight, Color::AccentTintStrong);
    set(QPalette::HighlightedText, Color::Text);
    set(QPalette::Link, Color::AccentText);
    set(QPalette::LinkVisited, Color::AccentText);
    set(QPalette::Light, Color::Raised);
    set(QPalette::Midlight, Color::BorderSubtle);
    set(QPalette::Mid, Color::Border);
    set(QPalette::Dark, Color::BorderStrong);
    set(QPalette::Shadow, Color::BorderStrong);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        palette.setColor(QPalette::Disabled, role, color(Color::TextDisabled));
    }
    palette.setColor(QPalette::Disabled, QPalette::PlaceholderText, color(Color::TextDisabled));
    palette.setColor(QPalette::Disabled, QPalette::Base, color(Color::Window));
    palette.setColor(QPalette::Disabled, QPalette::HighlightedText, color(Color::TextDisabled));
    return palette;
}

QIcon Theme::icon(const QString& name) const { return themedIcon(name); }

QPixmap Theme::pixmap(const QString& name, int size, const QColor& tint, double devicePixelRatio) const {
    return iconPixmap(name, size, tint, devicePixelRatio);
}

const Theme& theme() {
    if (!current()) {
        current().emplace(Scheme::Light);
    }
    return *current();
}

void setTheme(QApplication& application, const Theme& theme) {
    if (!systemPalette()) {
        systemPalette() = QGuiApplication::palette();
    }
    const Theme next = theme; // `theme` may be the current one, which the next line replaces
    const bool samePalette = current() && current()->scheme() == next.scheme();
    current() = next;
    static bool styled = false;
    if (!styled) {
        application.setStyle(new Style);
        styled = true;
    }
    application.setPalette(next.palette());
    application.setFont(next.font(TextStyle::Ui));
    QToolTip::setFont(next.font(TextStyle::Small));
    QToolTip::setPalette(next.palette());
    for (QWidget* widget : QApplication::allWidgets()) {
        // Before the event loop runs, Qt tells no widget; afterwards this changes nothing.
        widget->setPalette(widget->palette());
    }
    if (samePalette) {
        // Only the scale changed: widgets that took their fonts from the theme wait for the same event.
        for (QWidget* widget : QApplication::allWidgets()) {
            QEvent event(QEvent::PaletteChange);
            QCoreApplication::sendEvent(widget, &event);
        }
    }
}

Scheme systemScheme() {
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    const Qt::ColorScheme scheme = QGuiApplication::styleHints()->colorScheme();
    if (scheme != Qt::ColorScheme::Unknown) {
        return scheme == Qt::ColorScheme::Dark ? Scheme::Dark : Scheme::Light;
    }
#endif
    const QPalette palette = systemPalette() ? *systemPalette() : QGuiApplication::palette();
    return palette.color(QPalette::Window).lightness() < palette.color(QPalette::WindowText).lightness()
               ? Scheme::Dark
               : Scheme::Light;
}

bool touchesTop(const QWidget* widget) {
    const auto* window = qobject_cast<const QMainWindow*>(widget->window());
    return window != nullptr && window->centralWidget() != nullptr &&
           widget->mapTo(window, QPoint(0, 0)).y() <= window->centralWidget()->y();
}

bool touchesBottom(const QWidget* widget) {
    const auto* window = qobject_cast<const QMainWindow*>(widget->window());
    return window != nullptr && window->centralWidget() != nullptr &&
           widget->mapTo(window, QPoint(0, widget->height())).y() > window->centralWidget()->geometry().bottom();
}

void paintSelection(QPainter& painter, const QRectF& mark) {
    // Filled edges instead of pens: no pen is sharp at every device pixel ratio.
    const auto ring = [&](double inner, double width, const QColor& fill) {
        const QRectF in = mark.adjusted(-inner, -inner, inner, inner);
        const QRectF out = in.adjusted(-width, -width, width, width);
        painter.fillRect(QRectF(out.left(), out.top(), out.width(), width), fill);
        painter.fillRect(QRectF(out.left(), in.bottom(), out.width(), width), fill);
        painter.fillRect(QRectF(out.left(), in.top(), width, in.height()), fill);
        painter.fillRect(QRectF(in.right(), in.top(), width, in.height()), fill);
    };
    ring(0.0, 1.0, theme().color(Color::Panel));
    ring(1.0, 2.0, theme().color(Color::AccentText));
}

} // namespace moescope::ui
