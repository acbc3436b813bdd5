// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/comparisonchart.h"

#include "ui/panels/chartpaint.h"

#include <QKeyEvent>
#include <QPainter>

namespace moescope::ui {

ComparisonChart::ComparisonChart(Comparison* comparison, TraceModel* silent, QWidget* parent)
    : ChartView(silent, comparison->selection(), parent), m_comparison(comparison) {
    connect(comparison, &Comparison::runsChanged, this, &ComparisonChart::invalidate);
    connect(comparison, &Comparison::pairChanged, this, &ComparisonChart::invalidate);
    connect(comparison, &Comparison::compared, this, &ComparisonChart::invalidate);
    connect(comparison, &Comparison::masksChanged, this, &ComparisonChart::invalidate);
}

Side ComparisonChart::sideInView() const {
    const RunView* b = run(Side::B);
    return b != nullptr && b->answer == selection()->state().run ? Side::B : Side::A;
}

int ComparisonChart::layers() const {
    const RunView* a = run(Side::A);
    return a != nullptr && a->hasAnswer() ? a->trace->shape().layers : 0;
}

void ComparisonChart::chooseToken(int token) { m_comparison->select(sideInView(), token); }

void ComparisonChart::chooseLayer(int layer) { m_comparison->selectLayer(layer); }

bool ComparisonChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    const int token = m_comparison->place().token(sideInView());
    switch (event->key()) {
    case Qt::Key_Up: chooseLayer(layerInView() - 1); return true;
    case Qt::Key_Down: chooseLayer(layerInView() + 1); return true;
    case Qt::Key_Home: chooseLayer(0); return true;
    case Qt::Key_End: chooseLayer(layers() - 1); return true;
    case Qt::Key_Left: chooseToken(token - 1); return true;
    case Qt::Key_Right: chooseToken(token + 1); return true;
    default: return false;
    }
}

QColor sideColor(Side side) { return theme().color(side == Side::A ? Color::RunA : Color::RunB); }

QColor sideTint(Side side) { return theme().color(side == Side::A ? Color::RunATint : Color::RunBTint); }

QPen sidePen(Side side, int width) {
    QPen pen(sideColor(side), width);
    pen.setCapStyle(Qt::FlatCap);
    pen.setJoinStyle(Qt::MiterJoin);
    if (side == Side::B) {
        pen.setDashPattern(width > 1 ? QList<qreal>{2.5, 1.5} : QList<qreal>{3, 2});
    }
    return pen;
}

void paintLetter(QPainter& painter, const QRect& box, const QString& letter) {
    const bool isA = letter == QLatin1String("A");
    const bool isB = letter == QLatin1String("B");
    const QFont font = bold(theme().font(TextStyle::Small));
    if (isA || isB) {
        const Side side = isA ? Side::A : Side::B;
        painter.save();
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(sidePen(side, 1));
        painter.setBrush(sideTint(side));
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
        painter.restore();
        paintText(painter, box, Qt::AlignCenter, letter, font, sideColor(side));
        return;
    }
    paintText(painter, box, Qt::AlignCenter, letter, font, theme().color(Color::TextSecondary));
}

} // namespace moescope::ui
