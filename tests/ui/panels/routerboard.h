// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/ui/panels/panelboard.h"
#include "ui/panels/loadbalancepanel.h"
#include "ui/panels/routerpanel.h"
#include "ui/widgets/emptystate.h"

namespace moescope::test {

/** Router and Load balance on one selection, in a window. */
struct Pair {
    explicit Pair(int tokens = 60, bool probabilities = true, const TraceShape& of = test::syntheticShape(8, 16, 1, 1))
        : shape(of) {
        bindSelection(&trace, &selection);
        router = new RouterPanel(&trace, &selection, &window);
        load = new LoadBalancePanel(&trace, &selection, &window);
        trace.setModel(shape);
        if (tokens > 0) {
            trace.setRun(1, shape, test::syntheticAnswer(shape, tokens, probabilities));
            trace.setCurrent(1);
        }
        selection.setFollowing(false);
        router->setGeometry(0, 0, 242, 298);
        load->setGeometry(250, 0, 496, 270);
        window.resize(760, 320);
    }
    void show() {
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
    }
    const RouterGeometry& rows() const { return router->routers()->geometryOfRows(); }

    TraceShape shape;
    TraceModel trace;
    Selection selection;
    QWidget window;
    RouterPanel* router = nullptr;
    LoadBalancePanel* load = nullptr;
};

inline bool says(const PanelFrame* panel, const QString& words) {
    const auto* page = panel->findChild<EmptyState*>();
    return panel->isEmptyShown() && (page->accessibleName() + page->accessibleDescription()).contains(words);
}

} // namespace moescope::test
