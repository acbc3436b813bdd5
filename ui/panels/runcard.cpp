// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/runcard.h"

#include "ui/models/comparisontext.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/comparisonchart.h"
#include "ui/theme/plaintooltip.h"

#include <QEvent>
#include <QFocusEvent>
#include <QMenu>
#include <QPainter>

namespace moescope::ui {

namespace {

constexpr int kMargin = 12; ///< px
constexpr int kLetter = 22; ///< px of its box
constexpr int kIcon = 16;   ///< px
constexpr int kMostTitle = 60;

} // namespace

RunCard::RunCard(Comparison* comparison, Side side, QWidget* parent)
    : QAbstractButton(parent), m_comparison(comparison), m_side(side) {
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(comparison, &Comparison::runsChanged, this, &RunCard::refresh);
    connect(comparison, &Comparison::pairChanged, this, &RunCard::refresh);
    connect(this, &QAbstractButton::clicked, this, &RunCard::openMenu);
    refresh();
}

QSize RunCard::minimumSizeHint() const {
    return {200, theme().lineHeight(TextStyle::Ui) + theme().lineHeight(TextStyle::Small) + 18};
}

QString RunCard::statusText() const {
    const RunView* run = m_comparison->side(m_side);
    if (run == nullptr) {
        return tr("Add run fills this place");
    }
    QString phase = phaseText(*run);
    if (!phase.isEmpty()) {
        phase[0] = phase.at(0).toUpper();
    }
    return phase.isEmpty()                  ? runFacts(*run)
           : run->phase == RunPhase::Failed ? phase
                                            : phase + QStringLiteral(" · ") + runFacts(*run);
}

void RunCard::refresh() {
    const RunView* run = m_comparison->side(m_side);
    const QString letter = m_side == Side::A ? tr("A") : tr("B");
    const QString title = run != nullptr ? run->title : tr("no run");
    setAccessibleName(tr("Run %1: %2").arg(letter, title));
    setAccessibleDescription(statusText());
    setToolTip(plainToolTip(run != nullptr ? QStringLiteral("%1\n%2").arg(title, statusText()) : statusText()));
    update();
}

int RunCard::paintVerdict(QPainter& painter, const QRect& line) const {
    const RunView* run = m_comparison->side(m_side);
    if (run == nullptr || run->verdict == NeedleVerdict::None) {
        return line.right();
    }
    const bool found = run->verdict == NeedleVerdict::Found;
    const Color color = found ? Color::Ok : Color::Error;
    const QString words = found ? tr("Found") : tr("Missed");
    const QFont font = theme().font(TextStyle::Small);
    const int width = QFontMetrics(font).horizontalAdvance(words);
    const int left = line.right() - width;
    paintText(painter, QRect(left, line.top(), width + 1, line.height()), Qt::AlignRight | Qt::AlignVCenter, words,
              font, theme().color(color));
    painter.drawPixmap(QPoint(left - kIcon - 4, line.center().y() - kIcon / 2 + 1),
                       theme().pixmap(found ? QStringLiteral("check") : QStringLiteral("close"), kIcon,
                                      theme().color(color), devicePixelRatioF()));
    return left - kIcon - 4;
}

void RunCard::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    const RunView* run = m_comparison->side(m_side);
    QPainter painter(this);
    painter.fillRect(rect(), look.color(isDown() ? Color::Pressed : underMouse() ? Color::Hover : Color::Panel));
    paintFrame(painter, rect(), look.color(Color::Border));
    painter.fillRect(QRect(0, 0, width(), 3), look.color(Color::Panel));
    painter.setPen(sidePen(m_side, 3));
    painter.drawLine(QPointF(0, 1.5), QPointF(width(), 1.5));

    const int upper = look.lineHeight(TextStyle::Ui);
    const int lower = look.lineHeight(TextStyle::Small);
    const int top = (height() + 3 - upper - lower) / 2;
    const int box = scaledPx(kLetter);
    paintLetter(painter, QRect(kMargin, (height() + 3 - box) / 2, box, box), m_side == Side::A ? tr("A") : tr("B"));
    const int chevron = width() - kMargin - kIcon;
    painter.drawPixmap(
        QPoint(chevron, (height() + 3 - kIcon) / 2),
        look.pixmap(QStringLiteral("chevron-down"), kIcon, look.color(Color::TextSecondary), devicePixelRatioF()));
    const QRect inner(kMargin + box + 10, top, chevron - 12 - kMargin - box - 10, upper + lower);
    const int right = paintVerdict(painter, inner) - 12;
    const QRect words(inner.left(), top, std::max(0, right - inner.left()), upper);
    const QFont strong = look.font(TextStyle::UiStrong);
    paintText(painter, words, Qt::AlignLeft | Qt::AlignVCenter,
              fittingParts(run != nullptr ? run->title : tr("No run"), strong, words.width(), true), strong,
              look.color(run != nullptr ? Color::Text : Color::TextMuted));
    const QFont small = look.font(TextStyle::Small);
    const bool failed = run != nullptr && run->phase == RunPhase::Failed;
    paintText(painter, QRect(words.left(), top + upper, words.width(), lower), Qt::AlignLeft | Qt::AlignVCenter,
              fittingParts(statusText(), small, words.width(), false), small,
              look.color(failed ? Color::Error : Color::TextMuted));
    if (run != nullptr && run->isRunning() && run->progress > 0) {
        const QRect track(1, height() - 3, width() - 2, 2);
        painter.fillRect(track, look.color(Color::Sunken));
        painter.fillRect(QRect(track.left(), track.top(), int(track.width() * std::min(1.0, run->progress)), 2),
                         look.color(Color::Accent));
    }
    if (hasFocus() && m_focusRing) {
        paintFrame(painter, rect(), look.color(Color::AccentText), 2);
    }
}

void RunCard::fillMenu(QMenu* menu) {
    const RunView* run = m_comparison->side(m_side);
    for (int index = 0; index < m_comparison->runs().size(); ++index) {
        const RunView& other = m_comparison->runs().at(index);
        const QString title = other.title.left(kMostTitle).replace(u'&', QStringLiteral("&&"));
        QAction* action =
            menu->addAction(QStringLiteral("%1  %2\t%3").arg(m_comparison->letter(index), title, other.model));
        action->setCheckable(true);
        action->setChecked(run != nullptr && other.id == run->id);
        connect(action, &QAction::triggered, m_comparison,
                [comparison = m_comparison, side = m_side, id = other.id] { comparison->choose(side, id); });
    }
    menu->addSeparator();
    const auto add = [&](const QString& icon, const QString& words, bool enabled, auto slot) {
        QAction* action = menu->addAction(theme().icon(icon), words);
        action->setEnabled(enabled);
        connect(action, &QAction::triggered, this, slot);
    };
    if (run != nullptr) {
        const qint64 id = run->id;
        const bool over = !run->isRunning() && run->phase != RunPhase::Queued;
        add(QStringLiteral("target"), tr("Open in Inspect"), run->hasAnswer(),
            [this, id] { emit openInInspectRequested(id); });
        add(QStringLiteral("gauge"), tr("Measure it alone, median of 3"), over && run->machine.isEmpty(),
            [this, id] { emit measureRequested(id); });
        if (!over) {
            add(QStringLiteral("stop"), tr("Stop"), true, [this, id] { emit stopRequested(id); });
        }
        add(QStringLiteral("delete"), tr("Remove from the comparison"), over, [this, id] { emit removeRequested(id); });
        menu->addSeparator();
    }
    add(QStringLiteral("plus"), tr("Add run…"), m_comparison->isOpen(), [this] { emit addRunRequested(); });
}

void RunCard::openMenu() {
    QMenu menu(this);
    fillMenu(&menu);
    menu.setMinimumWidth(std::min(width(), scaledPx(360)));
    menu.exec(mapToGlobal(QPoint(0, height())));
}

void RunCard::focusInEvent(QFocusEvent* event) {
    const Qt::FocusReason reason = event->reason();
    m_focusRing = reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason || reason == Qt::ShortcutFocusReason;
    QAbstractButton::focusInEvent(event);
    update();
}

void RunCard::enterEvent(QEnterEvent*) { update(); }

void RunCard::leaveEvent(QEvent*) { update(); }

void RunCard::changeEvent(QEvent* event) {
    QAbstractButton::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        updateGeometry();
    }
}

} // namespace moescope::ui
