// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/ui/models/synthetictrace.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/tokenpathpanel.h"
#include "ui/panels/tokenstrippanel.h"
#include "ui/theme/theme.h"

#include <QTest>

#include <cmath>
#include <cstdlib>

namespace moescope::test {

using namespace moescope::ui;

inline KvCacheState cache(quint64 used) {
    trace::MemoryInfo memory;
    memory.kv_bytes_per_token = 1024;
    memory.context = 1024;
    memory.kv_type = "f16";
    return KvCacheState::of(test::syntheticModel(8, 16, 2), memory, used);
}

/** The four panels on one selection, in a window. */
struct Board {
    explicit Board(int tokens = 60, bool probabilities = true) {
        bindSelection(&trace, &selection);
        experts = new ExpertsPanel(&trace, &selection, &window);
        strip = new TokenStripPanel(&trace, &selection, &window);
        path = new TokenPathPanel(&trace, &selection, &window);
        kv = new KvCachePanel(&trace, &selection, &window);
        trace.setModel(shape);
        if (tokens > 0) {
            trace.setRun(1, shape, test::syntheticAnswer(shape, tokens, probabilities));
            trace.setCurrent(1);
        }
        selection.setFollowing(false);
        kv->setState(cache(603));
        experts->setGeometry(0, 0, 600, 340);
        strip->setGeometry(0, 344, 600, 220);
        path->setGeometry(604, 0, 496, 270);
        kv->setGeometry(604, 274, 250, 298);
        window.resize(1110, 580);
    }
    void show() {
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
    }

    TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    Selection selection;
    QWidget window;
    ExpertsPanel* experts = nullptr;
    TokenStripPanel* strip = nullptr;
    TokenPathPanel* path = nullptr;
    KvCachePanel* kv = nullptr;
};

inline QImage painted(ChartView* chart) { return chart->viewport()->grab().toImage(); }

inline bool near(const QColor& a, const QColor& b) {
    return std::abs(a.red() - b.red()) < 4 && std::abs(a.green() - b.green()) < 4 && std::abs(a.blue() - b.blue()) < 4;
}

/** Whether a colour occurs in a rectangle. */
inline bool holds(const QImage& image, const QRect& rect, const QColor& color) {
    for (int y = rect.top(); y <= rect.bottom(); ++y) {
        for (int x = rect.left(); x <= rect.right(); ++x) {
            if (image.rect().contains(x, y) && near(image.pixelColor(x, y), color)) {
                return true;
            }
        }
    }
    return false;
}

} // namespace moescope::test
