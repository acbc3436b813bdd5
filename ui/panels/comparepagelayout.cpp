// SPDX-License-Identifier: Apache-2.0
// The part of ComparePage that places its docks and follows the window's size.
#include "ui/panels/answerspanel.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/comparehead.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/comparepanels.h"
#include "ui/panels/needlepanel.h"
#include "ui/panels/runcard.h"
#include "ui/panels/tabcorner.h"

#include <QDockWidget>
#include <QJsonDocument>
#include <QJsonObject>
#include <QScopedValueRollback>
#include <QTabBar>
#include <QTimer>

namespace moescope::ui {

namespace {

constexpr int kTabsRight =
    1400;                      ///< px of the window's width, below: Speed and Needle grid are tabs of Routing distance
constexpr int kWide = 1920;    ///< from here on Attention on the passage has a place of its own, where it is high too
constexpr int kTabsLeft = 840; ///< px of the window's height, below: Routing agreement is a tab of Answers
constexpr int kHigh = 1200;
constexpr double kLeftShare = 0.57;
constexpr int kSeparator = 4;

const auto kAnswers = QStringLiteral("compare-answers");
const auto kAgreement = QStringLiteral("compare-agreement");
const auto kAll = QStringLiteral("compare-all");
const auto kDistance = QStringLiteral("compare-distance");
const auto kMass = QStringLiteral("compare-mass");
const auto kSpeed = QStringLiteral("compare-speed");
const auto kNeedle = QStringLiteral("compare-needle");

enum Place { TabsRight = 1, TabsLeft = 2, MassApart = 4 };

} // namespace

int ComparePage::placeClass() const {
    const QSize room = window()->size() / theme().fontScale();
    int place = 0;
    place |= room.width() < kTabsRight ? TabsRight : 0;
    place |= room.height() < kTabsLeft ? TabsLeft : 0;
    place |= room.width() >= kWide && room.height() >= kHigh ? MassApart : 0;
    return place;
}

bool ComparePage::isWanted(const QString& id) const {
    const bool all = m_comparison->showsAll();
    const bool ofView = id == kAll ? all : id == kAnswers || id == kAgreement ? !all : true;
    return ofView && m_shown.value(id, true);
}

void ComparePage::showWanted() {
    const QScopedValueRollback applying(m_applying, true);
    bool another = false;
    for (const QString& id : m_order) {
        another = another || m_panels[id]->isHidden() == isWanted(id);
        m_panels[id]->setVisible(isWanted(id));
    }
    const bool note = !m_comparison->showsAll() && !m_note->text().isEmpty();
    another = another || m_noteDock->isHidden() == note;
    m_noteDock->setVisible(note);
    if (!another) {
        return;
    }
    if (!m_changed) { // else the docks stay where the user put them
        m_place = -1;
        followSize();
    }
    emit layoutChanged();
}

void ComparePage::followSize() {
    if (!isVisible() || !m_comparison->isOpen()) {
        return;
    }
    if (m_changed) {
        if (!m_state.isEmpty() && m_place < 0) {
            const QScopedValueRollback applying(m_applying, true);
            m_place = placeClass();
            if (!m_docks->restoreState(m_state)) { // of another build
                m_changed = false;
                m_state.clear();
                arrange();
                return;
            }
            showWanted();
            decorate();
        }
        return;
    }
    if (m_place != placeClass()) {
        arrange();
    } else {
        const QScopedValueRollback applying(m_applying, true);
        sizeDocks(m_place);
    }
}

void ComparePage::arrange() {
    const QScopedValueRollback applying(m_applying, true);
    m_place = placeClass();
    placeDocks(m_place);
    sizeDocks(m_place);
    decorate();
}

void ComparePage::placeDocks(int place) {
    for (PanelFrame* panel : std::as_const(m_panels)) {
        panel->setFloating(false);
        m_docks->removeDockWidget(panel);
    }
    m_docks->removeDockWidget(m_noteDock);
    QDockWidget* answers = m_panels[kAnswers];
    QDockWidget* distance = m_panels[kDistance];
    QDockWidget* mass = m_panels[kMass];
    const auto below = [this](QDockWidget* dock, QDockWidget* above) {
        m_docks->splitDockWidget(above, dock, Qt::Vertical);
    };
    m_docks->addDockWidget(Qt::RightDockWidgetArea, distance);
    m_docks->addDockWidget(Qt::BottomDockWidgetArea, answers);
    // What is put below a dock that is a tab already becomes a tab itself: tabs come last.
    below(m_noteDock, answers);
    if (!(place & TabsLeft)) {
        below(m_panels[kAgreement], answers);
    }
    if (!(place & TabsRight)) {
        below(m_panels[kNeedle], distance);
        below(m_panels[kSpeed], distance);
    }
    if (place & MassApart) {
        below(mass, distance);
    } else {
        m_docks->tabifyDockWidget(distance, mass);
    }
    if (place & TabsRight) {
        m_docks->tabifyDockWidget(mass, m_panels[kSpeed]);
        m_docks->tabifyDockWidget(m_panels[kSpeed], m_panels[kNeedle]);
    }
    if (place & TabsLeft) {
        m_docks->tabifyDockWidget(answers, m_panels[kAgreement]);
    }
    m_docks->tabifyDockWidget(answers, m_panels[kAll]);
    for (const QString& id : m_order) {
        m_panels[id]->setVisible(isWanted(id));
    }
    m_noteDock->setVisible(!m_comparison->showsAll() && !m_note->text().isEmpty());
    for (const QString& front : {kAnswers, kDistance}) {
        if (!m_panels[front]->isHidden()) {
            m_panels[front]->raise();
        }
    }
}

void ComparePage::sizeDocks(int place) {
    if (m_docks->height() < scaledPx(200)) {
        return; // it has no size yet
    }
    const int right = m_docks->width() - int(m_docks->width() * kLeftShare) - kSeparator / 2;
    QDockWidget* distance = m_panels[kDistance];
    m_docks->resizeDocks({distance}, {right}, Qt::Horizontal);
    const int cards = m_cardRow->maximumHeight();
    const int note = m_noteDock->isHidden() ? 0 : scaledPx(64);
    const int left = std::max(0, m_docks->height() - cards - kSeparator - (note > 0 ? note + kSeparator : 0));
    QList<QDockWidget*> docks;
    QList<int> sizes;
    // Answers need a little less than the cells of many layers.
    if (!(place & TabsLeft) && !m_panels[kAgreement]->isHidden() && !m_panels[kAnswers]->isHidden()) {
        docks = {m_panels[kAnswers], m_panels[kAgreement]};
        sizes = {left * 48 / 100, left - left * 48 / 100 - kSeparator};
    } else if (!m_panels[kAnswers]->isHidden()) {
        docks = {m_panels[kAnswers]};
        sizes = {left};
    }
    if (note > 0) {
        docks << m_noteDock;
        sizes << note;
    }
    if (!docks.isEmpty()) {
        m_docks->resizeDocks(docks, sizes, Qt::Vertical);
    }
    if (!(place & TabsRight)) {
        const int whole = m_docks->height() - 2 * kSeparator;
        const int rows = std::clamp(static_cast<int>(m_comparison->runs().size()), 2, 10);
        const int speed = std::clamp(scaledPx(32 + 44 + 26 + 4) + rows * scaledPx(28), scaledPx(200), whole / 3);
        const bool apart = place & MassApart;
        const int rest = whole - speed - (apart ? kSeparator : 0);
        if (apart) {
            m_docks->resizeDocks({distance, m_panels[kMass], m_panels[kSpeed], m_panels[kNeedle]},
                                 {rest / 3, rest / 3, speed, rest - 2 * (rest / 3)}, Qt::Vertical);
        } else {
            m_docks->resizeDocks({distance, m_panels[kSpeed], m_panels[kNeedle]},
                                 {rest * 51 / 100, speed, rest - rest * 51 / 100}, Qt::Vertical);
        }
    }
}

void ComparePage::decorate() {
    const auto bars = m_docks->findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly);
    for (QTabBar* bar : bars) {
        connect(bar, &QTabBar::currentChanged, this, &ComparePage::decorate,
                Qt::ConnectionType(Qt::QueuedConnection | Qt::UniqueConnection));
    }
    QList<QDockWidget*> docks;
    for (ComparePanel* panel : std::as_const(m_panels)) {
        docks.append(panel);
    }
    decorateDockTabs(*m_docks, docks);
}

void ComparePage::markChanged() {
    if (m_applying || !isVisible()) {
        return;
    }
    m_changed = true;
    QTimer::singleShot(0, this, [this] {
        if (m_changed) {
            m_state = m_docks->saveState();
        }
        decorate();
        emit layoutChanged();
    });
}

void ComparePage::markShown(const QString& id, bool shown) {
    if (m_applying || !isVisible()) {
        return;
    }
    m_shown.insert(id, shown);
    if (m_changed) {
        markChanged();
    } else {
        QTimer::singleShot(0, this, [this] {
            m_place = -1;
            followSize();
            emit layoutChanged();
        });
    }
}

QByteArray ComparePage::layoutState() const {
    if (!m_changed && m_shown.isEmpty()) {
        return {};
    }
    QJsonObject shown;
    for (auto each = m_shown.cbegin(); each != m_shown.cend(); ++each) {
        shown.insert(each.key(), each.value());
    }
    QJsonObject kept{{QStringLiteral("shown"), shown}};
    if (m_changed) {
        kept.insert(QStringLiteral("docks"), QString::fromLatin1(m_state.toBase64()));
    }
    return QJsonDocument(kept).toJson(QJsonDocument::Compact);
}

void ComparePage::restoreLayout(const QByteArray& state) {
    const QJsonObject kept = QJsonDocument::fromJson(state).object();
    const QJsonObject shown = kept.value(QStringLiteral("shown")).toObject();
    m_shown.clear();
    for (auto each = shown.begin(); each != shown.end(); ++each) {
        if (m_panels.contains(each.key())) {
            m_shown.insert(each.key(), each.value().toBool());
        }
    }
    m_state = QByteArray::fromBase64(kept.value(QStringLiteral("docks")).toString().toLatin1());
    m_changed = !m_state.isEmpty();
    m_place = -1;
    showWanted();
    followSize();
}

void ComparePage::resetLayout() {
    restoreLayout({});
    m_place = -1;
    followSize();
}

} // namespace moescope::ui
