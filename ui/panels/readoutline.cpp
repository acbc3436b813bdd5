// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/readoutline.h"

#include "ui/panels/chartpaint.h"
#include "ui/theme/plaintooltip.h"
#include "ui/theme/theme.h"

#include <QFontMetrics>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {

QString readoutText(const Readout& readout) {
    QString text;
    for (const ReadoutSpan& span : readout) {
        if (span.starts_part && !text.isEmpty()) {
            text += QStringLiteral(" · ");
        }
        text += span.text;
    }
    return text;
}

ReadoutLine::ReadoutLine(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    setAccessibleName(tr("Readout"));
}

void ReadoutLine::setReadout(const Readout& readout) {
    const QString before = text();
    m_readout = readout;
    if (text() != before) {
        setAccessibleDescription(text());
        setToolTip(plainToolTip(text()));
    }
    update();
}

QSize ReadoutLine::sizeHint() const { return {100, scaledPx(26)}; }

void ReadoutLine::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Window));
    painter.fillRect(QRect(0, 0, width(), 1), theme().color(Color::BorderSubtle));
    const int right = width() - scaledPx(8);
    int x = scaledPx(12);
    int whole = x;
    int parts = 0;
    for (const ReadoutSpan& span : m_readout) {
        whole += QFontMetrics(spanFont(span)).horizontalAdvance(span.text);
        parts += span.starts_part ? 1 : 0;
    }
    // Parts stand closer before one is left out.
    const int gap = parts > 1 ? std::clamp((right - whole) / (parts - 1), scaledPx(8), scaledPx(16)) : 0;
    for (qsizetype at = 0; at < m_readout.size();) {
        // A part is drawn whole or not at all.
        qsizetype end = at;
        int partWidth = at > 0 ? gap : 0;
        do {
            const QFont font = spanFont(m_readout.at(end));
            partWidth += QFontMetrics(font).horizontalAdvance(m_readout.at(end).text);
            ++end;
        } while (end < m_readout.size() && !m_readout.at(end).starts_part);
        if (at > 0 && x + partWidth > right) {
            break;
        }
        x += at > 0 ? gap : 0;
        for (; at < end; ++at) {
            const ReadoutSpan& span = m_readout.at(at);
            const QFont font = spanFont(span);
            const int advance = QFontMetrics(font).horizontalAdvance(span.text);
            painter.setFont(font);
            painter.setPen(theme().color(span.style == ReadoutSpan::Strong ? Color::Text
                                         : span.style == ReadoutSpan::Warn ? Color::Warn
                                                                           : Color::TextSecondary));
            const QString words =
                x + advance > right ? QFontMetrics(font).elidedText(span.text, Qt::ElideRight, right - x) : span.text;
            painter.drawText(QRect(x, 0, advance + 2, height()), Qt::AlignVCenter | Qt::AlignLeft, words);
            x += advance;
        }
    }
}

} // namespace moescope::ui
