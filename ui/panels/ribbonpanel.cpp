// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/ribbonpanel.h"

#include "ui/panels/chartpaint.h"

#include <QPainter>

namespace moescope::ui {
namespace {

constexpr int kTitleWidth = 132; ///< px, or as wide as its words
constexpr int kLeft = 12;        ///< px
constexpr int kIcon = 20;        ///< px, with the gap behind it
constexpr int kSwatch = 12;      ///< px, with the gap behind it
constexpr int kGap = 8;          ///< px

/** Icon and title, below them whose tokens have which colour. */
class RibbonTitle : public QWidget {
public:
    using QWidget::QWidget;

    QSize sizeHint() const override {
        const int title = kIcon + QFontMetrics(theme().font(TextStyle::PanelTitle)).horizontalAdvance(titleText());
        int legend = 0;
        for (const Mark& mark : marks()) {
            legend += scaledPx(kSwatch + kGap) + QFontMetrics(axisFont()).horizontalAdvance(mark.words);
        }
        return {std::max(scaledPx(kTitleWidth), scaledPx(kLeft + kGap) + std::max(title, legend)), scaledPx(56)};
    }
    QSize minimumSizeHint() const override { return sizeHint(); }
    /** The messages of the prompt are one block. */
    void setPromptWhole(bool whole) {
        if (whole != m_whole) {
            m_whole = whole;
            updateGeometry();
            update();
        }
    }

protected:
    void paintEvent(QPaintEvent*) override {
        const Theme& look = theme();
        QPainter painter(this);
        painter.fillRect(rect(), look.color(Color::Panel));
        painter.fillRect(QRect(0, height() - 1, width(), 1),
                         look.color(touchesBottom(this) ? Color::Window : Color::Border));
        const int left = scaledPx(kLeft);
        const int line = scaledPx(16);
        const int top = scaledPx(12);
        auto* panel = qobject_cast<PanelFrame*>(parentWidget());
        const bool named = panel != nullptr && panel->isAmongTabs(); // by its tab
        const int below = named ? scaledPx(20) : top + scaledPx(20);
        if (!named) {
            painter.drawPixmap(
                left, top + (line - 14) / 2,
                look.pixmap(QStringLiteral("ribbon"), 14, look.color(Color::TextSecondary), devicePixelRatioF()));
            paintText(painter, QRect(left + scaledPx(kIcon), top, width(), line), Qt::AlignLeft | Qt::AlignVCenter,
                      titleText(), look.font(TextStyle::PanelTitle), look.color(Color::Text));
        }
        const QFont font = axisFont();
        int x = left;
        for (const Mark& mark : marks()) {
            painter.fillRect(QRect(x, below + scaledPx(4), scaledPx(8), scaledPx(8)), look.color(mark.color));
            x += scaledPx(kSwatch);
            paintText(painter, QRect(x, below, width() - x, line), Qt::AlignLeft | Qt::AlignVCenter, mark.words, font,
                      look.color(Color::TextSecondary));
            x += QFontMetrics(font).horizontalAdvance(mark.words) + scaledPx(kGap);
        }
    }

private:
    struct Mark {
        QString words;
        Color color;
    };

    static QString titleText() { return RibbonPanel::tr("Context ribbon"); }
    QList<Mark> marks() const {
        if (m_whole) {
            return {{RibbonPanel::tr("prompt"), Color::Text}, {RibbonPanel::tr("answer"), Color::Shared}};
        }
        return {{RibbonPanel::tr("you"), Color::Text},
                {RibbonPanel::tr("model"), Color::Shared},
                {RibbonPanel::tr("sys", "short for the system prompt"), Color::BorderStrong}};
    }

    bool m_whole = false;
};

} // namespace

RibbonPanel::RibbonPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("context"), QStringLiteral("ribbon"), tr("Context ribbon"), {400, 60}, parent) {
    m_title = new RibbonTitle(this);
    setLowTitle(m_title);
    bind(trace, selection);
    m_ribbon = new RibbonChart(trace, selection, this);
    m_rows = new ContextTable(this);
    setChart(m_ribbon, m_rows);
    connect(m_ribbon, &RibbonChart::messageChosen, this, &RibbonPanel::messageChosen);
    connect(m_ribbon, &RibbonChart::blockChanged, this, &RibbonPanel::syncTwin);
}

void RibbonPanel::setState(const ContextState& state) {
    if (state == m_ribbon->state()) {
        return;
    }
    m_rows->setState(state);
    m_ribbon->setState(state);
    static_cast<RibbonTitle*>(m_title)->setPromptWhole(state.isPromptWhole());
    syncTwin();
}

void RibbonPanel::selectRow(int row) { m_ribbon->setBlock(row); }

} // namespace moescope::ui
