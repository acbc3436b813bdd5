// SPDX-License-Identifier: Apache-2.0
// How long a large capture takes to write and to open: 128K tokens of 64 layers with one of 16 experts, and of 32 layers
// with 8 of 64.
#include "app/exchange/capturefile.h"
#include "samplecapture.h"

#include <QElapsedTimer>
#include <QFileInfo>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <ctime>

int main() {
    using namespace moescope::exchange;
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("large.moescope"));
    bool first = true;
    std::printf("{");
    for (const testing::SampleShape& shape : {testing::SampleShape{0, 131072, 64, 16, 1, false, true},
                                              testing::SampleShape{0, 131072, 32, 64, 8, false, true}}) {
        const Capture capture = testing::sampleCapture(shape);
        QElapsedTimer clock;
        clock.start();
        writeCapture(path, capture);
        const qint64 written = clock.elapsed();
        qint64 best = 1 << 30;
        double cpu = 1e9; // on a machine that does something else as well it says more
        for (int i = 0; i < 5; ++i) {
            clock.start();
            const std::clock_t before = std::clock();
            const Capture read = readCapture(path);
            best = std::min(best, clock.elapsed());
            cpu = std::min(cpu, static_cast<double>(std::clock() - before) * 1000.0 / CLOCKS_PER_SEC);
            if (read.tokens.size() != capture.tokens.size()) {
                return 1;
            }
        }
        std::printf(
            "%s\"%ux%u of %u\": {\"write_ms\": %lld, \"open_ms\": %lld, \"open_cpu_ms\": %.0f, \"file_bytes\": %lld}",
            first ? "" : ", ", shape.layers, shape.used, shape.experts, static_cast<long long>(written),
            static_cast<long long>(best), cpu, static_cast<long long>(QFileInfo(path).size()));
        first = false;
    }
    std::printf("}\n");
}
