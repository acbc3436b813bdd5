// SPDX-License-Identifier: Apache-2.0
#include "tests/app/gui/walkpanels.h"

#include "tests/app/gui/walkhand.h"
#include "ui/models/tabularmodel.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chartview.h"
#include "ui/widgets/tabletwin.h"

#include <QAction>
#include <QMenu>
#include <QMenuBar>
#include <QRegularExpression>

namespace moescope::test {
namespace {

/** What the readout of a panel must name. */
struct Named {
    const char* panel;
    bool token;
    bool layer;
    bool expert;
};
constexpr Named named[] = {{"experts", false, true, true},        {"token-strip", true, false, true},
                           {"expert-card", false, true, true},    {"probabilities", true, false, false},
                           {"capacity", false, true, false},      {"co-activation", false, true, true},
                           {"token-classes", false, false, true}, {"load-balance", false, true, false}};

/** These speak of other layers than the selected one: those of close calls, where two answers part. */
bool speaksOfOtherLayers(const QString& panel) {
    return panel == QLatin1String("token-path") || panel == QLatin1String("what-if");
}

/** The first number behind a word; empty: it is not named. */
QString numberBehind(const QString& words, const QString& word) {
    const QRegularExpression number(QStringLiteral("\\b%1 ([0-9]+(?:,[0-9]{3})*)").arg(word));
    return number.match(words).captured(1);
}

QString place(const ui::SelectionState& selection) {
    return QStringLiteral("token %1, layer %2, expert %3")
        .arg(ui::tokenNumber(selection.token))
        .arg(selection.layer)
        .arg(selection.expert);
}

/** The value of a column in a row; invalid where the table has no such column. */
QVariant valueIn(const ui::TabularModel& table, int row, const QString& title) {
    for (int column = 0; column < table.columnCount(); ++column) {
        if (table.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString() == title) {
            return table.index(row, column).data(ui::TabularModel::RawRole);
        }
    }
    return {};
}

QStringList readoutFaults(const QString& panel, const QString& words, const ui::SelectionState& selection) {
    QStringList faults;
    const QString all = QStringLiteral("%1: “%2” at %3").arg(panel, words, place(selection));
    const auto check = [&](const QString& word, const QString& expected, bool must) {
        const QString found = numberBehind(words, word);
        if (found.isEmpty() ? must : found != expected) {
            faults << QStringLiteral("%1: %2 “%3”").arg(all, word, found);
        }
    };
    const auto* needs = std::find_if(std::begin(named), std::end(named),
                                     [&](const Named& one) { return panel == QLatin1String(one.panel); });
    const Named must = needs != std::end(named) ? *needs : Named{"", false, false, false};
    check(QStringLiteral("Token"), ui::tokenNumber(selection.token), must.token);
    if (!speaksOfOtherLayers(panel)) {
        check(QStringLiteral("[Ll]ayer"), QString::number(selection.layer), must.layer);
        // The busiest one is named as well, whichever it is.
        check(QStringLiteral("(?<!busiest )experts?"), QString::number(selection.expert), must.expert);
    }
    return faults;
}

QStringList rowFaults(const QString& panel, const ui::TabularModel& table, int row, const ui::TraceModel& traces,
                      const ui::SelectionState& selection) {
    QStringList faults;
    const auto check = [&](const QString& title, int expected) {
        const QVariant value = valueIn(table, row, title);
        if (value.isValid() && value.toInt() != expected) {
            faults << QStringLiteral("%1: its table marks %2 %3 at %4")
                          .arg(panel, title, value.toString(), place(selection));
        }
    };
    check(QStringLiteral("Layer"), selection.layer);
    check(QStringLiteral("Expert"), selection.expert);
    check(QStringLiteral("Position"), static_cast<int>(traces.token(selection.token).position) + 1);
    const QVariant layers = valueIn(table, row, QStringLiteral("Layers"));
    if (layers.isValid()) { // a row of several: "0–1", "4"
        const QStringList ends = layers.toString().remove(QLatin1Char('L')).split(QStringLiteral("–"));
        if (selection.layer < ends.first().toInt() || selection.layer > ends.last().toInt()) {
            faults << QStringLiteral("%1: its table marks layers %2 at %3")
                          .arg(panel, layers.toString(), place(selection));
        }
    }
    return faults;
}

} // namespace

QList<ui::PanelFrame*> panelsOf(const ui::MainWindow& window) {
    QList<ui::PanelFrame*> panels;
    for (auto* panel : window.findChildren<ui::PanelFrame*>(QString(), Qt::FindDirectChildrenOnly)) {
        if (window.panel(panel->objectName()) == panel) {
            panels << panel;
        }
    }
    return panels;
}

QStringList disagreements(ui::PanelFrame& panel, const ui::TraceModel& traces, const ui::SelectionState& selection) {
    const QString id = panel.objectName();
    QStringList faults = readoutFaults(id, ui::readoutText(panel.chart()->readout()), selection);
    faults += readoutFaults(id, panel.chart()->accessibleDescription(), selection);

    panel.chart()->setFocus(Qt::ShortcutFocusReason);
    Hand::key(Qt::Key_T);
    if (!panel.isTwinShown()) {
        return faults << QStringLiteral("%1: T does not show its table.").arg(id);
    }
    const int row = panel.twin()->currentSourceRow();
    if (panel.table()->rowCount() == 0) {
        faults << QStringLiteral("%1: its table is empty.").arg(id);
    } else if (row >= 0) {
        faults += rowFaults(id, *panel.table(), row, traces, selection);
    }
    Hand::key(Qt::Key_T);
    if (panel.isTwinShown()) {
        faults << QStringLiteral("%1: T does not bring the chart back.").arg(id);
    }
    return faults;
}

} // namespace moescope::test
