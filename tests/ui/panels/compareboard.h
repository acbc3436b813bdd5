// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/ui/models/samplecomparison.h"
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/tabularmodel.h"
#include "ui/panels/answerspanel.h"
#include "ui/panels/comparepanels.h"
#include "ui/panels/needlepanel.h"
#include "ui/theme/theme.h"

#include <QTest>

namespace moescope::test {

using namespace moescope::ui;

/** The panels of Compare on one comparison, in a window. */
struct CompareBoard {
    explicit CompareBoard(bool withRuns = true) {
        answers = new AnswersPanel(&comparison, &window);
        agreement = new AgreementPanel(&comparison, &window);
        distance = new DistancePanel(&comparison, &window);
        mass = new MassPanel(&comparison, &window);
        speed = new SpeedPanel(&comparison, &window);
        all = new AllRunsPanel(&comparison, &window);
        needle = new NeedlePanel(&comparison, &window);
        answers->setGeometry(0, 0, 780, 280);
        agreement->setGeometry(0, 284, 780, 320);
        all->setGeometry(0, 608, 780, 300);
        distance->setGeometry(784, 0, 590, 260);
        mass->setGeometry(784, 264, 590, 260);
        speed->setGeometry(784, 528, 590, 220);
        needle->setGeometry(784, 752, 590, 270);
        window.resize(1380, 1030);
        if (withRuns) {
            openSample(&comparison);
        }
    }
    void show() {
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        QTRY_VERIFY(!comparison.isComparing());
    }
    QList<PanelFrame*> panels() const { return {answers, agreement, distance, mass, speed, all, needle}; }

    Selection selection;
    Comparison comparison{&selection};
    QWidget window;
    AnswersPanel* answers = nullptr;
    AgreementPanel* agreement = nullptr;
    DistancePanel* distance = nullptr;
    MassPanel* mass = nullptr;
    SpeedPanel* speed = nullptr;
    AllRunsPanel* all = nullptr;
    NeedlePanel* needle = nullptr;
};

inline void clickAt(ChartView* chart, const QPoint& at) {
    QTest::mouseClick(chart->viewport(), Qt::LeftButton, Qt::NoModifier, at);
}

/** What a twin says in a cell. */
inline QString said(const PanelFrame* panel, int row, int column) {
    const QAbstractItemModel* table = panel->table();
    return table->index(row, column).data().toString();
}

} // namespace moescope::test
