// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/tokenstrippanel.h"

#include "ui/panels/chartpaint.h"
#include "ui/panels/layerstepper.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QComboBox>
#include <QFontMetrics>
#include <QPainter>

namespace moescope::ui {

namespace {

/** "0 ▒▒▒ 1 gate weight", where there is room; else "0 ▒▒ 1". The end is its own text. */
class EmberLegend : public QWidget {
public:
    explicit EmberLegend(QWidget* parent) : QWidget(parent) {}
    void setWords(const QString& end, const QString& words) {
        m_end = end;
        m_words = words;
        setAccessibleName(words);
        updateGeometry();
        update();
    }
    void setWide(bool wide) {
        if (wide != m_wide) {
            m_wide = wide;
            updateGeometry();
            update();
        }
    }
    QSize sizeHint() const override {
        const QFontMetrics metrics(axisMonoFont());
        return {metrics.horizontalAdvance(QStringLiteral("0") + text()) + barWidth() + scaledPx(12), scaledPx(16)};
    }
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        const QColor color = theme().color(Color::TextSecondary);
        const int digit = QFontMetrics(axisMonoFont()).horizontalAdvance(QLatin1Char('0'));
        paintText(painter, rect(), Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("0"), axisMonoFont(), color);
        const QRect bar(digit + scaledPx(6), (height() - scaledPx(8)) / 2, barWidth(), scaledPx(8));
        paintLegendBar(painter, bar, [](double at) { return theme().sequential(at); });
        paintText(painter, rect().adjusted(bar.right() + scaledPx(6), 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                  text(), axisMonoFont(), color);
    }

private:
    QString text() const { return m_wide ? m_end + QLatin1Char(' ') + m_words : m_end; }
    int barWidth() const { return scaledPx(m_wide ? 90 : 54); }
    QString m_end;
    QString m_words;
    bool m_wide = true;
};

} // namespace

TokenStripPanel::TokenStripPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("token-strip"), QStringLiteral("token"), tr("Token strip"), {320, 140}, parent) {
    bind(trace, selection);
    m_strip = new StripChart(trace, selection, this);
    m_rows = new TokenStripTable(trace, this);
    m_stepper = new LayerStepper(this);
    const QStringList modes{tr("Expert"), tr("Gate"), tr("Margin"), tr("Surprise")};
    m_mode = new SegmentedControl(tr("Colour of the tokens"), modes, this);
    m_mode->setSmall(true);
    m_narrowMode = new QComboBox(this);
    m_narrowMode->addItems(modes);
    m_narrowMode->setAccessibleName(tr("Colour of the tokens"));
    m_narrowMode->hide();
    auto* legend = new EmberLegend(this);
    m_legend = legend;
    addControl(m_stepper);
    addControl(m_mode);
    addControl(m_narrowMode);
    addLegend(m_legend);
    m_legend->hide();
    connect(m_stepper, &LayerStepper::stepped, this, &TokenStripPanel::stepLayer);
    connect(m_mode, &SegmentedControl::currentIndexChanged, this,
            [this](int index) { setMode(static_cast<StripMode>(index)); });
    connect(m_narrowMode, &QComboBox::currentIndexChanged, this,
            [this](int index) { setMode(static_cast<StripMode>(index)); });
    setChart(m_strip, m_rows);
}

void TokenStripPanel::setMode(StripMode mode) {
    m_mode->setCurrentIndex(int(mode));
    m_narrowMode->setCurrentIndex(int(mode));
    m_strip->setMode(mode);
    auto* legend = static_cast<EmberLegend*>(m_legend);
    if (mode == StripMode::Surprise) {
        legend->setWords(QString::number(kSurpriseEnd), tr("bits"));
    } else {
        legend->setWords(QStringLiteral("1"), mode == StripMode::Margin ? tr("margin") : tr("gate weight"));
    }
    placeControls();
}

void TokenStripPanel::stepLayer(int step) {
    const int layers = trace()->shape().layers;
    if (layers > 0) {
        selection()->setLayer(std::clamp(selection()->state().layer + step, 0, layers - 1));
    }
}

void TokenStripPanel::refresh() {
    const TraceShape& shape = trace()->shape();
    const int layer = std::max(0, selection()->state().layer);
    m_rows->setLayer(layer);
    m_stepper->setLayer(layer, shape.layers);
    if (trace()->tokenCount() > 0) {
        setEmpty({}, {});
    } else if (trace()->isReadingPrompt()) {
        setEmpty(tr("Reading the prompt"), tr("Each token of the answer appears here."));
    } else if (trace()->current() >= 0 && !trace()->isLive()) {
        setEmpty(tr("No tokens"), tr("This answer ended before its first token, or was kept without its tokens."));
    } else {
        setEmpty(tr("No answer yet"), tr("Send a message and each token of the answer appears here."));
    }
}

int TokenStripPanel::selectedRow() const { return selection()->state().token; }

void TokenStripPanel::selectRow(int row) {
    if (row != selectedRow()) {
        selection()->setFollowing(false);
        selection()->setToken(row);
    }
}

void TokenStripPanel::resizeEvent(QResizeEvent* event) {
    PanelFrame::resizeEvent(event);
    placeControls();
}

void TokenStripPanel::placeControls() {
    static_cast<EmberLegend*>(m_legend)->setWide(width() >= scaledPx(744));
    const bool narrow = width() < scaledPx(450);
    m_mode->setVisible(!narrow);
    m_narrowMode->setVisible(narrow);
    // The legend goes before the word of the layer, beside the title, which a tab says already.
    const int title =
        isAmongTabs()
            ? 0
            : scaledPx(20) + QFontMetrics(theme().font(TextStyle::PanelTitle)).horizontalAdvance(windowTitle());
    constexpr int buttons = 112; // px of table, menu and the gaps
    const auto fits = [&](bool word, int legend) {
        m_stepper->setWordShown(word);
        return !narrow &&
               title + m_stepper->sizeHint().width() + m_mode->sizeHint().width() + legend + scaledPx(buttons) <=
                   width();
    };
    const int legend = m_legend->sizeHint().width() + scaledPx(8);
    const bool told = mode() != StripMode::Expert && fits(false, legend);
    m_legend->setVisible(told);
    m_stepper->setWordShown(fits(true, told ? legend : 0));
}

} // namespace moescope::ui
