// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/ribbonchart.h"

#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"

#include <QApplication>
#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {
namespace {

QColor colorOf(ContextRole role) {
    switch (role) {
    case ContextRole::System: return theme().color(Color::BorderStrong);
    case ContextRole::User:
    case ContextRole::Prompt: return theme().color(Color::Text);
    case ContextRole::Model: break;
    }
    return theme().color(Color::Shared);
}

} // namespace

RibbonChart::RibbonChart(TraceModel* trace, Selection* selection, QWidget* parent)
    : ChartView(trace, selection, parent) {
    setAccessibleName(tr("Context by message"));
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    connect(trace, &TraceModel::windowChanged, this, &RibbonChart::invalidate);
}

void RibbonChart::setState(const ContextState& state) {
    if (state == m_state) {
        return;
    }
    m_state = state;
    m_block = m_block < m_state.blocks.size() ? m_block : -1;
    invalidate();
}

void RibbonChart::setBlock(int block) {
    if (block != m_block && block < m_state.blocks.size()) {
        m_block = block;
        emit blockChanged(block);
        invalidate();
    }
}

void RibbonChart::sync() {
    m_geometry = RibbonGeometry::of(viewport()->size(), m_state.limit, theme().fontScale());
    m_hovered = m_hovered < m_state.blocks.size() ? m_hovered : -1;
}

int RibbonChart::selectedPosition() const {
    const int token = selection()->state().token;
    if (token < 0 || token >= trace()->tokenCount()) {
        return -1;
    }
    // An answer of another branch, or of another model, is not in this context.
    const int position = static_cast<int>(trace()->token(token).position);
    const int block = m_state.blockAt(position);
    return block >= 0 && m_state.blocks.at(block).message == trace()->current() ? position : -1;
}

void RibbonChart::paintChart(QPainter& painter) {
    if (m_state.isEmpty()) {
        paintFrame(painter, m_geometry.bar, theme().color(Color::BorderStrong));
        paintText(painter, m_geometry.words, Qt::AlignLeft | Qt::AlignVCenter,
                  m_state.captured ? tr("This capture does not tell what was in the context.")
                                   : tr("No model loaded: there is no context."),
                  axisFont(), theme().color(Color::TextMuted));
        return;
    }
    paintBar(painter);
    paintReused(painter);
    paintCut(painter);
    paintReading(painter);
    paintWindow(painter);
    const int selected = selectedPosition();
    if (selected >= 0) {
        const int reach = scaledPx(9);
        painter.fillRect(QRect(m_geometry.xOf(selected) - 1, m_geometry.bar.top() - reach, 2,
                               m_geometry.bar.height() + reach + scaledPx(3)),
                         theme().color(Color::AccentText));
    }
    paintWords(painter);
}

void RibbonChart::paintBar(QPainter& painter) const {
    const QRect bar = m_geometry.bar;
    painter.fillRect(bar, theme().color(Color::Panel));
    const QRect reserved = m_geometry.tokens(0, m_state.reserved);
    painter.setBrushOrigin(reserved.topLeft());
    painter.fillRect(reserved, hatching(painter, theme().color(Color::Shared), theme().color(Color::Panel)));
    if (m_state.blocks.isEmpty() && m_state.used > 0) {
        painter.fillRect(m_geometry.tokens(0, m_state.used), theme().color(Color::Shared));
    }
    for (int index = 0; index < m_state.blocks.size(); ++index) {
        const ContextBlock& block = m_state.blocks.at(index);
        const int read = std::clamp(m_state.used - block.first, 0, block.tokens);
        QRect rest = m_geometry.tokens(block.first, block.tokens);
        if (read < block.tokens) { // what the model has not read is only outlined
            painter.fillRect(rest, theme().color(Color::Sunken));
            paintFrame(painter, rest, colorOf(block.role));
        }
        if (read > 0) {
            painter.fillRect(m_geometry.tokens(block.first, read), colorOf(block.role));
        }
        if (index > 0) {
            painter.fillRect(QRect(rest.left(), rest.top(), 1, rest.height()), theme().color(Color::Panel));
        }
        if (index == m_hovered || (index == m_block && hasFocus())) {
            paintFrame(painter, rest.adjusted(-1, -1, 1, 1), theme().color(Color::Text));
        }
    }
    paintFrame(painter, bar, theme().color(Color::Border));
    const int edge = m_geometry.xOf(m_state.reserved);
    if (m_state.reserved < m_state.limit) {
        painter.fillRect(QRect(edge, bar.top() - scaledPx(3), 1, bar.height() + scaledPx(6)),
                         theme().color(Color::BorderStrong));
    }
}

void RibbonChart::paintReused(QPainter& painter) const {
    if (m_state.reused == 0) {
        return;
    }
    const QRect over = m_geometry.bracket;
    const int right = std::max(over.left() + 2, m_geometry.xOf(m_state.reused));
    const QColor color = theme().color(Color::Ok);
    const int middle = over.top() + over.height() / 2;
    painter.fillRect(QRect(over.left(), middle, right - over.left(), 2), color);
    painter.fillRect(QRect(over.left(), over.top(), 1, over.height()), color);
    painter.fillRect(QRect(right - 1, over.top(), 1, over.height()), color);
}

void RibbonChart::paintCut(QPainter& painter) const {
    if (!m_state.isCut()) {
        return;
    }
    const QRect bar = m_geometry.bar;
    const int x = std::clamp(m_geometry.xOf(m_state.cutPosition()), bar.left() + 1, bar.right());
    const int top = bar.top() - scaledPx(9);
    const int bottom = bar.bottom() + scaledPx(4);
    painter.fillRect(QRect(x - 2, top, 4, bottom - top), theme().color(Color::Panel)); // on dark blocks too
    QPen pen(theme().color(Color::Warn), 2, Qt::CustomDashLine, Qt::FlatCap);
    pen.setDashPattern({2, 1});
    painter.setPen(pen);
    painter.drawLine(x, top, x, bottom);
}

QString RibbonChart::cutWords() const {
    return m_state.cut_tokens > 0 ? tr("cut %1").arg(groupedText(m_state.cut_tokens)) : tr("cut");
}

void RibbonChart::paintReading(QPainter& painter) const {
    if (m_state.isReading()) {
        const QRect read = m_geometry.tokens(m_state.reused, std::max(0, m_state.used - m_state.reused));
        painter.fillRect(QRect(read.left(), read.bottom() - scaledPx(3), read.width(), scaledPx(4)),
                         theme().color(Color::Accent));
    }
}

void RibbonChart::paintWindow(QPainter& painter) const {
    const TokenWindow& window = trace()->window();
    if (window.isEmpty() || m_state.blockAt(int(trace()->token(window.first).position)) < 0) {
        return;
    }
    const int first = static_cast<int>(trace()->token(window.first).position);
    const int last = static_cast<int>(trace()->token(window.last).position);
    const QRect band = m_geometry.tokens(first, last - first + 1);
    painter.fillRect(QRect(band.left(), band.bottom() + 2, band.width(), scaledPx(2)),
                     theme().color(Color::AccentText));
}

void RibbonChart::paintWords(QPainter& painter) const {
    const QFont font = axisFont();
    const QRect line = m_geometry.words;
    const int pointed = m_hovered >= 0 ? m_hovered : hasFocus() ? m_block : -1;
    if (pointed >= 0) {
        int x = line.left();
        for (const ReadoutSpan& span : blockReadout(pointed)) {
            const QFont at = span.style == ReadoutSpan::Strong ? bold(font) : font;
            x += span.starts_part && x > line.left() ? scaledPx(12) : 0;
            const int width = QFontMetrics(at).horizontalAdvance(span.text);
            paintText(painter, QRect(x, line.top(), width + 2, line.height()), Qt::AlignLeft | Qt::AlignVCenter,
                      span.text, at, theme().color(Color::Text));
            x += width;
        }
        return;
    }
    const QColor plain = theme().color(Color::TextSecondary);
    QList<Word> words; // the most wanted first
    if (m_state.isReading()) {
        QString text = tr("reading %1 of %2").arg(groupedText(m_state.used), groupedText(m_state.prompt));
        if (m_state.tokens_per_second > 0) {
            text += tr(" · %1 tok/s · %2 s left")
                        .arg(groupedText(qRound(m_state.tokens_per_second)))
                        .arg(std::max(1, qRound(m_state.secondsLeft())));
        }
        words.append({text, m_geometry.xOf(m_state.used), Qt::AlignHCenter, theme().color(Color::AccentText)});
    } else if (selectedPosition() >= 0) {
        words.append({tr("selected %1").arg(positionNumber(selectedPosition())), m_geometry.xOf(selectedPosition()),
                      Qt::AlignHCenter, theme().color(Color::AccentText)});
    }
    words.append({tr("limit %1 tokens").arg(groupedText(m_state.limit)), line.right(), Qt::AlignRight, plain});
    if (m_state.isCut()) {
        words.append({cutWords(), m_geometry.xOf(m_state.cutPosition()), Qt::AlignHCenter, theme().color(Color::Warn)});
    }
    if (!m_state.isReading()) {
        words.append({usedWords(), m_geometry.xOf(m_state.used), Qt::AlignHCenter, plain});
    }
    if (m_state.tokens() > m_state.used && !m_state.isReading()) {
        words.append({tr("not read yet %1").arg(groupedText(m_state.tokens() - m_state.used)),
                      m_geometry.xOf(m_state.tokens()), Qt::AlignHCenter, plain});
    }
    if (m_state.reserved > 0) {
        words.append({tr("reserved %1").arg(groupedText(m_state.reserved)), m_geometry.xOf(m_state.reserved),
                      Qt::AlignHCenter, plain});
    }
    QList<QRect> places;
    if (m_state.reused > 0) {
        const Word reused{tr("reused prefix %1").arg(groupedText(m_state.reused)), line.left(), Qt::AlignLeft,
                          theme().color(Color::Ok)};
        // It stands under its bracket where all the others have a place even so, else where they leave one.
        words.prepend(reused);
        places = placesOf(words);
        if (places.contains(QRect())) {
            words.append(words.takeFirst());
            places.clear();
        }
    }
    if (places.isEmpty()) {
        places = placesOf(words);
    }
    for (int i = 0; i < words.size(); ++i) {
        if (!places.at(i).isEmpty()) {
            paintText(painter, places.at(i), Qt::AlignLeft | Qt::AlignVCenter, words.at(i).text, font,
                      words.at(i).color);
        }
    }
}

QList<QRect> RibbonChart::placesOf(const QList<Word>& words) const {
    const QFontMetrics metrics(axisFont());
    QList<QRect> places;
    QList<QRect> taken;
    for (const Word& word : words) {
        const int width = metrics.horizontalAdvance(word.text);
        const int left = word.alignment == Qt::AlignHCenter ? word.x - width / 2
                         : word.alignment == Qt::AlignRight ? word.x - width
                                                            : word.x;
        places.append(RibbonGeometry::freePlace(m_geometry.words, taken, left, width + 1, scaledPx(12)));
        if (!places.last().isEmpty()) {
            taken.append(places.last());
        }
    }
    return places;
}

QString RibbonChart::usedWords() const {
    const QString used = groupedText(m_state.used);
    return m_state.captured ? tr("used %1 when captured").arg(used) : tr("used %1").arg(used);
}

Readout RibbonChart::blockReadout(int block) const {
    const ContextBlock& at = m_state.blocks.at(block);
    Readout readout = {
        {m_state.blockName(block), ReadoutSpan::Strong},
        {tr("%1 tokens").arg(groupedText(at.tokens))},
        {tr("positions %1–%2").arg(positionNumber(at.first), positionNumber(at.first + at.tokens - 1))},
        {tr("%1 of %2").arg(partText(double(at.tokens) / m_state.tokens()), groupedText(m_state.tokens()))}};
    if (m_state.reusedOf(block) > 0) {
        readout.append({tr("%1 reused").arg(groupedText(m_state.reusedOf(block)))});
    }
    return readout;
}

Readout RibbonChart::readout() const {
    if (m_state.isEmpty()) {
        return {{m_state.captured ? tr("No context in this capture") : tr("No model loaded")}};
    }
    const int block = m_hovered >= 0 ? m_hovered : m_block;
    if (block >= 0 && block < m_state.blocks.size()) {
        return blockReadout(block);
    }
    Readout readout = {{usedWords(), ReadoutSpan::Strong}};
    if (m_state.reserved > 0) {
        readout.append({tr("reserved %1").arg(groupedText(m_state.reserved))});
    }
    readout.append({tr("limit %1 tokens").arg(groupedText(m_state.limit))});
    if (m_state.reused > 0) {
        readout.append({tr("reused prefix %1").arg(groupedText(m_state.reused))});
    }
    if (m_state.isCut()) {
        readout.append({tr("%1 messages above the cut, %2 tokens")
                            .arg(groupedText(m_state.cut_messages), groupedText(m_state.cut_tokens))});
    }
    return readout;
}

QString RibbonChart::tipAt(const QPoint& at) const {
    const int block = m_geometry.isNear(at) ? m_state.blockAt(m_geometry.positionAt(at.x())) : -1;
    if (block < 0) {
        return {};
    }
    const ContextBlock& under = m_state.blocks.at(block);
    return tooltipTable(m_state.blockName(block), {{tr("Tokens"), groupedText(under.tokens)},
                                                   {tr("First position"), positionNumber(under.first)},
                                                   {tr("Share, n = %1").arg(groupedText(m_state.tokens())),
                                                    partText(double(under.tokens) / m_state.tokens())},
                                                   {tr("Reused"), groupedText(m_state.reusedOf(block))}});
}

bool RibbonChart::hover(const QPoint* at) {
    const int next = at != nullptr && m_geometry.isNear(*at) ? m_state.blockAt(m_geometry.positionAt(at->x())) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void RibbonChart::click(const QPoint& at) {
    m_pressed = at;
    m_dragged = false;
}

void RibbonChart::mouseMoveEvent(QMouseEvent* event) {
    ChartView::mouseMoveEvent(event);
    if (m_pressed && event->buttons().testFlag(Qt::LeftButton) &&
        (m_dragged || std::abs(event->pos().x() - m_pressed->x()) >= QApplication::startDragDistance())) {
        m_dragged = true;
        chooseWindow(m_geometry.positionAt(m_pressed->x()), m_geometry.positionAt(event->pos().x()));
    }
}

void RibbonChart::mouseReleaseEvent(QMouseEvent* event) {
    const std::optional<QPoint> pressed = std::exchange(m_pressed, std::nullopt);
    if (event->button() != Qt::LeftButton || !pressed || m_dragged) {
        return;
    }
    const int block = m_geometry.isNear(*pressed) ? m_state.blockAt(m_geometry.positionAt(pressed->x())) : -1;
    trace()->setWindow({});
    if (block >= 0) {
        setBlock(block);
        emit messageChosen(m_state.blocks.at(block).message);
    }
}

void RibbonChart::chooseWindow(int from, int to) {
    const int low = std::min(from, to);
    const int high = std::max(from, to);
    TokenWindow window;
    for (int token = 0; token < trace()->tokenCount(); ++token) {
        const int position = static_cast<int>(trace()->token(token).position);
        if (position >= low && position <= high) {
            window.first = window.first < 0 ? token : window.first;
            window.last = token;
        }
    }
    trace()->setWindow(window);
}

bool RibbonChart::useKey(QKeyEvent* event) {
    const int last = static_cast<int>(m_state.blocks.size()) - 1;
    if (last < 0 || event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    switch (event->key()) {
    case Qt::Key_Left: setBlock(std::max(0, m_block < 0 ? last : m_block - 1)); return true;
    case Qt::Key_Right: setBlock(std::min(last, m_block + 1)); return true;
    case Qt::Key_Home: setBlock(0); return true;
    case Qt::Key_End: setBlock(last); return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_block >= 0) {
            emit messageChosen(m_state.blocks.at(m_block).message);
        }
        return true;
    default: return false;
    }
}

} // namespace moescope::ui
