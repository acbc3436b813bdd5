// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QPalette>
#include <QString>

#include <array>

class QApplication;
class QPainter;
class QWidget;

namespace moescope::ui {

enum class Scheme { Light, Dark };

/** Colours by the names of the design tokens ("border-subtle" is BorderSubtle). */
enum class Color {
    Window,
    Panel,
    Sunken,
    Raised,
    Hover,
    Pressed,
    BorderSubtle,
    Border,
    BorderStrong,
    Text,
    TextSecondary,
    TextMuted,
    TextDisabled,
    Accent,
    AccentHover,
    AccentPressed,
    OnAccent,
    AccentText,
    AccentTint,
    AccentTintStrong,
    Ok,
    OkTint,
    Warn,
    WarnTint,
    Error,
    ErrorTint,
    RunA,
    RunATint,
    RunB,
    RunBTint,
    Grid,
    Axis,
    Shared,
    SharedTint,
    CodeBg,
    CodeKw,
    CodeStr,
    CodeNum,
    CodeCom,
    CodeFn
};

/** Type styles of the design, sizes in logical px before the user's scale. */
enum class TextStyle { Axis, Small, Ui, UiStrong, PanelTitle, Body, Title, Display, Mono, MonoCode };

/** Every value of the design for one scheme and font scale. Immutable; the current one is theme(). Switching it changes
 *  the application's palette, so every widget gets QEvent::PaletteChange and repaints: no signal is needed. */
class Theme {
public:
    explicit Theme(Scheme scheme, double fontScale = 1.0);

    Scheme scheme() const { return m_scheme; }
    double fontScale() const { return m_fontScale; }
    QColor color(Color name) const { return m_colors[static_cast<size_t>(name)]; }
    QFont font(TextStyle style) const;
    int lineHeight(TextStyle style) const;

    QColor expertStrong(int expert) const { return m_expertStrong[static_cast<size_t>(expert % 16)]; }
    QColor expertTint(int expert) const { return m_expertTint[static_cast<size_t>(expert % 16)]; }
    /** Ember map, `value` in 0…1 (clamped). */
    QColor sequential(double value) const;
    /** Share ÷ uniform share on a log₂ scale from ¼ to 4 (clamped), 1 in the middle. */
    QColor diverging(double ratio) const;
    /** Black or white, whichever has more contrast on `background`. */
    static QColor textOn(const QColor& background);

    QPalette palette() const;
    /** The icon of the design by name ("send"), tinted: text-secondary, accent-text when on, text-disabled. The tint is
     *  that of the current theme when it is drawn, so an icon set once follows every change. */
    QIcon icon(const QString& name) const;
    /** The same in one colour, for painters. */
    QPixmap pixmap(const QString& name, int size, const QColor& tint, double devicePixelRatio) const;

private:
    Scheme m_scheme;
    double m_fontScale;
    std::array<QColor, 40> m_colors;
    std::array<QColor, 16> m_expertStrong;
    std::array<QColor, 16> m_expertTint;
    std::array<QRgb, 256> m_sequential;
    std::array<QRgb, 256> m_diverging;
};

/** The current theme; light until setTheme() is called. */
const Theme& theme();
/** Makes it current and applies style, palette and font to the application. */
void setTheme(QApplication& application, const Theme& theme);
/** Dark if the system's palette is dark. */
Scheme systemScheme();

/** Whether a widget's upper edge lies at the toolbar, or its lower one at the status bar: their line is its edge. */
bool touchesTop(const QWidget* widget);
bool touchesBottom(const QWidget* widget);

/** The selection mark of every chart: halo 1 px panel, then 2 px accent-text, outside `mark`. */
void paintSelection(QPainter& painter, const QRectF& mark);

} // namespace moescope::ui
