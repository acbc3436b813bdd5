// SPDX-License-Identifier: Apache-2.0
// How late a 10 ms timer of the UI thread comes while an answer is made: DESIGN.md §4.5 in figures.
#include "tests/app/gui/appfixture.h"

#include "ui/panels/chatpanel.h"
#include "ui/panels/composer.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QTest>
#include <QTimer>

#include <algorithm>
#include <cstdio>

using namespace moescope;

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    const QTemporaryDir folder;
    QElapsedTimer sinceStart;
    sinceStart.start();
    test::App app(folder.path(), argc > 1 ? QString::fromLocal8Bit(argv[1]) : QStringLiteral("builtin"));
    if (!QTest::qWaitFor([&] { return app.composition.window().isVisible(); }, 10'000)) {
        std::fputs("The window was not shown in time.\n", stderr);
        return 1;
    }
    const qint64 windowMs = sinceStart.elapsed();
    if (!app.waitForModel()) {
        std::fputs("The model was not loaded in time.\n", stderr);
        return 1;
    }
    const qint64 modelMs = sinceStart.elapsed();
    app.composition.window().setLayoutName(ui::LayoutName::Inspect);

    std::vector<double> gaps;
    QElapsedTimer since;
    QTimer beat;
    beat.setTimerType(Qt::PreciseTimer);
    beat.setInterval(10);
    QObject::connect(&beat, &QTimer::timeout, [&] {
        gaps.push_back(static_cast<double>(since.nsecsElapsed()) / 1e6);
        since.restart();
    });
    since.start();
    beat.start();
    const QString question = QStringLiteral("Tell me a story about a fox and a boat.");
    int answers = 0;
    while (gaps.size() < 500 && answers < 20) {
        if (!app.ask(question)) {
            std::fputs("An answer did not end in time.\n", stderr);
            return 1;
        }
        ++answers;
        emit app.composition.window().newChatRequested();
    }
    beat.stop();
    std::sort(gaps.begin(), gaps.end());
    const double p99 = gaps[gaps.size() * 99 / 100];
    const double most = gaps.back();
    std::printf("{\"window_ms\": %lld, \"model_ms\": %lld, \"beats\": %zu, \"p99_ms\": %.1f, \"max_ms\": %.1f}\n",
                static_cast<long long>(windowMs), static_cast<long long>(modelMs), gaps.size(), p99, most);
    return p99 <= 50 && most <= 150 ? 0 : 1;
}
