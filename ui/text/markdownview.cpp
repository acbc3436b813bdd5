// SPDX-License-Identifier: Apache-2.0
#include "ui/text/markdownview.h"

#include "ui/text/codelayout.h"
#include "ui/text/markdownaccessible.h"
#include "ui/theme/theme.h"

#include <QElapsedTimer>
#include <QPaintEvent>
#include <QPainter>
#include <QPushButton>
#include <QTimer>

#include <QClipboard>
#include <QGuiApplication>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kSlice = 8;       ///< ms of layout between two events
constexpr int kFirstSlice = 20; ///< ms of layout when a width is new
constexpr int kCaretRoom = 12;  ///< px

} // namespace

MarkdownView::MarkdownView(QWidget* parent) : QWidget(parent) {
    MarkdownAccessible::install();
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setCursor(Qt::IBeamCursor);
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    m_timer = new QTimer(this);
    m_timer->setSingleShot(true);
    m_timer->setInterval(0);
    connect(m_timer, &QTimer::timeout, this, &MarkdownView::continueLayout);
    m_tops = {0};
}

MarkdownView::~MarkdownView() = default;

void MarkdownView::setMarkdown(const QString& markdown) {
    m_anchor = m_caret = 0;
    m_linkBlock = m_link = -1;
    m_document.setSource(markdown);
    sync(0);
}

void MarkdownView::appendMarkdown(const QString& markdown) {
    if (markdown.isEmpty()) {
        return;
    }
    const int first = m_document.append(markdown);
    const size_t index = static_cast<size_t>(first);
    if (m_document.grewCodeOnly() && index + 1 == m_blocks.size() && m_blocks[index]->isLaidOut() &&
        m_blocks[index]->grow()) {
        computeTops();
        updateGeometry();
        update();
        return;
    }
    sync(first);
}

void MarkdownView::extendTo(const QString& markdown, bool more) {
    const QString& before = m_document.source();
    if (markdown == before) {
        return;
    }
    if (markdown.startsWith(before) && (more || !before.isEmpty())) {
        appendMarkdown(markdown.mid(before.size()));
    } else {
        setMarkdown(markdown);
    }
}

void MarkdownView::setColor(Color color) {
    if (color != m_color) {
        m_color = color;
        forgetLayout();
    }
}

void MarkdownView::setStreaming(bool streaming) {
    if (streaming == m_streaming) {
        return;
    }
    m_streaming = streaming;
    if (!streaming) {
        sync(m_document.finish());
    }
    update();
}

void MarkdownView::sync(int firstChanged) {
    const std::deque<MarkdownBlock>& blocks = m_document.blocks();
    const auto first = std::min(static_cast<size_t>(firstChanged), m_blocks.size());
    for (size_t i = first; i < m_blocks.size(); ++i) {
        m_laidOut -= m_blocks[i]->isLaidOut() ? 1 : 0;
        if (const auto button = m_buttons.find(static_cast<int>(i)); button != m_buttons.end()) {
            // Later: the button may be the one whose click led here.
            button->second->hide();
            button->second->deleteLater();
            m_buttons.erase(button);
        }
    }
    m_blocks.resize(first);
    for (size_t i = first; i < blocks.size(); ++i) {
        m_blocks.push_back(BlockLayout::make(blocks[i], m_color));
    }
    m_nextSlice = std::min(m_nextSlice, first);
    if (m_linkBlock >= static_cast<int>(first)) {
        m_linkBlock = m_link = -1;
    }
    if (m_layoutWidth > 0) {
        layOut(m_layoutWidth, kSlice);
        placeButtons();
    } else {
        computeTops();
    }
    if (!isLaidOut() && m_layoutWidth > 0) {
        m_timer->start();
    }
    updateGeometry();
    update();
}

void MarkdownView::forgetLayout() {
    const int width = std::exchange(m_layoutWidth, -1);
    m_blocks.clear();
    m_laidOut = m_nextSlice = 0;
    for (const auto& [block, button] : m_buttons) {
        button->deleteLater();
    }
    m_buttons.clear();
    m_layoutWidth = width;
    sync(0);
}

void MarkdownView::layOutBlock(size_t block) const {
    if (!m_blocks[block]->isLaidOut()) {
        m_blocks[block]->layOut(m_layoutWidth);
        ++m_laidOut;
    }
}

void MarkdownView::computeTops() const {
    const std::deque<MarkdownBlock>& blocks = m_document.blocks();
    m_tops.resize(m_blocks.size() + 1);
    int y = 0;
    for (size_t i = 0; i < m_blocks.size(); ++i) {
        if (i > 0) {
            y += BlockLayout::gapBetween(blocks[i - 1], blocks[i]);
        }
        m_tops[i] = y;
        y += m_blocks[i]->isLaidOut() ? m_blocks[i]->height()
                                      : BlockLayout::estimate(blocks[i], std::max(m_layoutWidth, 100));
    }
    m_tops.back() = y;
}

void MarkdownView::layOut(int width, int milliseconds) const {
    if (width != m_layoutWidth) {
        m_layoutWidth = width;
        m_laidOut = 0;
        m_nextSlice = 0;
        for (const std::unique_ptr<BlockLayout>& block : m_blocks) {
            block->invalidate();
        }
    }
    QElapsedTimer timer;
    timer.start();
    for (; m_nextSlice < m_blocks.size() && !timer.hasExpired(milliseconds); ++m_nextSlice) {
        layOutBlock(m_nextSlice);
    }
    computeTops();
}

int MarkdownView::heightForWidth(int width) const {
    if (width <= 0) {
        return 0;
    }
    if (width != m_layoutWidth || m_nextSlice < m_blocks.size()) {
        layOut(width, width != m_layoutWidth ? kFirstSlice : kSlice);
    }
    if (!isLaidOut()) {
        m_timer->start();
    }
    m_knownHeight = m_tops.back();
    const int least = m_streaming && m_blocks.empty() ? theme().lineHeight(TextStyle::Body) : 0;
    return std::max(m_tops.back(), least);
}

QSize MarkdownView::sizeHint() const {
    const int wide = m_layoutWidth > 0 ? m_layoutWidth : 480;
    return {wide, heightForWidth(wide)};
}

void MarkdownView::continueLayout() {
    if (m_layoutWidth <= 0) {
        return;
    }
    layOut(m_layoutWidth, kSlice);
    placeButtons();
    if (!isLaidOut()) {
        m_timer->start();
    }
    if (m_tops.back() != m_knownHeight) {
        m_knownHeight = m_tops.back();
        updateGeometry();
        emit heightChanged();
    }
    update();
}

void MarkdownView::placeButtons() {
    for (size_t i = 0; i < m_blocks.size(); ++i) {
        const auto* code = dynamic_cast<const CodeLayout*>(m_blocks[i].get());
        if (code == nullptr || !code->isLaidOut()) {
            continue;
        }
        QPushButton*& button = m_buttons[static_cast<int>(i)];
        if (button == nullptr) {
            button = new QPushButton(tr("Copy"), this);
            button->setProperty("chip", true);
            button->setProperty("small", true);
            button->setCursor(Qt::ArrowCursor);
            button->setIcon(theme().icon(QStringLiteral("copy")));
            const QString title = codeLanguageTitle(code->block().language);
            button->setAccessibleName(title.isEmpty() ? tr("Copy code") : tr("Copy %1 code").arg(title));
            const auto index = i;
            connect(button, &QAbstractButton::clicked, this,
                    [this, index] { QGuiApplication::clipboard()->setText(m_document.blocks()[index].content.text); });
            button->show();
        }
        const QRect area = code->copyArea();
        const QSize size = button->sizeHint();
        button->setGeometry(area.right() + 1 - size.width(), m_tops[i] + (CodeLayout::kHead - size.height()) / 2 + 1,
                            size.width(), size.height());
    }
}

int MarkdownView::blockAt(int y) const {
    const auto after = std::upper_bound(m_tops.begin(), std::prev(m_tops.end()), y);
    return static_cast<int>(after - m_tops.begin()) - 1;
}

int MarkdownView::blockOfOffset(int offset) const {
    const std::deque<MarkdownBlock>& blocks = m_document.blocks();
    const auto after =
        std::upper_bound(blocks.begin(), blocks.end(), offset,
                         [](int place, const MarkdownBlock& block) { return place < block.source_start; });
    return static_cast<int>(after - blocks.begin()) - 1;
}

int MarkdownView::sourceOffsetAt(const QPoint& position) const {
    const int block = blockAt(position.y());
    if (block < 0 || !m_blocks[static_cast<size_t>(block)]->isLaidOut()) {
        return -1;
    }
    const auto index = static_cast<size_t>(block);
    return m_blocks[index]->sourceAt(position - QPoint(0, m_tops[index]), false);
}

int MarkdownView::offsetNear(const QPoint& position) const {
    if (m_blocks.empty() || position.y() < 0) {
        return 0;
    }
    if (position.y() >= m_tops.back()) {
        return static_cast<int>(m_document.source().size());
    }
    const auto block = static_cast<size_t>(std::max(0, blockAt(position.y())));
    layOutBlock(block);
    return m_blocks[block]->sourceAt(position - QPoint(0, m_tops[block]), true);
}

QList<QRect> MarkdownView::rectsOfSource(int sourceStart, int sourceEnd) const {
    QList<QRect> rects;
    for (auto i = static_cast<size_t>(std::max(0, blockOfOffset(sourceStart)));
         i < m_blocks.size() && m_document.blocks()[i].source_start < sourceEnd; ++i) {
        if (m_blocks[i]->isLaidOut()) {
            for (const QRect& rect : m_blocks[i]->rectsOf(sourceStart, sourceEnd)) {
                rects += rect.translated(0, m_tops[i]);
            }
        }
    }
    return rects;
}

int MarkdownView::topOfSourceOffset(int offset) const {
    const QList<QRect> rects = rectsOfSource(offset, offset + 1);
    if (!rects.isEmpty()) {
        return rects.first().top();
    }
    const int block = blockOfOffset(offset);
    return block < 0 ? 0 : m_tops[static_cast<size_t>(block)];
}

void MarkdownView::setMarkedRange(int sourceStart, int sourceEnd) {
    if (sourceStart == m_markStart && sourceEnd == m_markEnd) {
        return;
    }
    m_markStart = sourceStart;
    m_markEnd = std::max(sourceStart, sourceEnd);
    // A token's leading space or line break at the end is no part of its word.
    while (m_markStart < m_markEnd && m_markEnd <= markdown().size() && markdown()[m_markStart].isSpace()) {
        ++m_markStart;
    }
    while (m_markStart < m_markEnd && m_markEnd <= markdown().size() && markdown()[m_markEnd - 1].isSpace()) {
        --m_markEnd;
    }
    update();
}

void MarkdownView::setFoundRanges(const QList<SourceRange>& ranges, int current) {
    if (ranges.isEmpty() && m_found.isEmpty()) {
        return;
    }
    m_found = ranges;
    m_foundCurrent = current;
    update();
}

QString MarkdownView::selectedSource() const {
    return markdown().mid(std::min(m_anchor, m_caret), std::abs(m_caret - m_anchor));
}

void MarkdownView::setSelection(int anchor, int caret) {
    if (anchor == m_anchor && caret == m_caret) {
        return;
    }
    m_anchor = anchor;
    m_caret = caret;
    update();
}

void MarkdownView::selectAll() { setSelection(0, static_cast<int>(markdown().size())); }

void MarkdownView::copySelection() const {
    if (hasSelection()) {
        QGuiApplication::clipboard()->setText(selectedSource());
    }
}

QString MarkdownView::linkAt(const QPoint& position) const {
    const int block = blockAt(position.y());
    if (block < 0 || !m_blocks[static_cast<size_t>(block)]->isLaidOut()) {
        return {};
    }
    const BlockLayout& layout = *m_blocks[static_cast<size_t>(block)];
    return layout.links().value(layout.linkAt(position - QPoint(0, m_tops[static_cast<size_t>(block)])));
}

void MarkdownView::scrollBlock(int block, int px) {
    BlockLayout& layout = *m_blocks[static_cast<size_t>(block)];
    layout.setScroll(px);
    update(0, m_tops[static_cast<size_t>(block)], width(), layout.height());
}

std::pair<const SourceRange*, const SourceRange*> MarkdownView::foundIn(size_t block) const {
    const std::deque<MarkdownBlock>& blocks = m_document.blocks();
    const SourceRange* first = m_found.constData();
    const SourceRange* last = first + m_found.size();
    first = std::partition_point(first, last,
                                 [&](const SourceRange& hit) { return hit.end <= blocks[block].source_start; });
    if (block + 1 < blocks.size()) {
        last = std::partition_point(first, last,
                                    [&](const SourceRange& hit) { return hit.start < blocks[block + 1].source_start; });
    }
    return {first, last};
}

void MarkdownView::paintEvent(QPaintEvent* event) {
    if (m_layoutWidth != width()) {
        layOut(width(), kFirstSlice);
    }
    QPainter painter(this);
    const QRect clip = event->rect();
    const int before = m_tops.back();
    BlockMarks marks;
    marks.selection_start = std::min(m_anchor, m_caret);
    marks.selection_end = std::max(m_anchor, m_caret);
    marks.mark_start = m_markStart;
    marks.mark_end = m_markEnd;
    marks.found_current =
        m_foundCurrent >= 0 && m_foundCurrent < m_found.size() ? m_found.constData() + m_foundCurrent : nullptr;
    for (auto i = static_cast<size_t>(std::max(0, blockAt(clip.top())));
         i < m_blocks.size() && m_tops[i] <= clip.bottom(); ++i) {
        if (!m_blocks[i]->isLaidOut()) {
            layOutBlock(i);
            computeTops();
        }
        marks.caret = m_streaming && i + 1 == m_blocks.size();
        const auto touching = foundIn(i);
        marks.found_begin = touching.first;
        marks.found_end = touching.second;
        marks.focused_link = static_cast<int>(i) == m_linkBlock && hasFocus() ? m_link : -1;
        painter.save();
        painter.translate(0, m_tops[i]);
        m_blocks[i]->paint(painter, clip.translated(0, -m_tops[i]), marks);
        painter.restore();
    }
    if (m_streaming && m_blocks.empty()) {
        painter.fillRect(QRect(0, 3, 8, theme().lineHeight(TextStyle::Body) - 6), theme().color(Color::Text));
    }
    if (m_tops.back() != before) {
        m_timer->start();
    }
}

void MarkdownView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    if (width() > 0 && width() != m_layoutWidth) {
        layOut(width(), kFirstSlice);
    }
    placeButtons();
    if (!isLaidOut()) {
        m_timer->start();
    }
}

void MarkdownView::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_timer != nullptr) {
        forgetLayout();
        emit heightChanged();
    }
    QWidget::changeEvent(event);
}

} // namespace moescope::ui
