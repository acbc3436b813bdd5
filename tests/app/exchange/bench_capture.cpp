// SPDX-License-Identifier: Apache-2.0
// How long a large capture takes to write and to open, and a prompt to be read from the store: 128K tokens of 64 layers
// with one of 16 experts, and of 32 layers with 8 of 64.
#include "app/exchange/capturefile.h"
#include "app/store/tracecodec.h"
#include "samplecapture.h"

#include <QElapsedTimer>
#include <QFileInfo>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <ctime>

using namespace moescope;
using namespace moescope::exchange;

namespace {

/** What the store keeps of such a prompt, in parts as they are stored, and how long reading them takes. */
void benchPrompt(testing::SampleShape shape) {
    shape.prompt = shape.generated;
    shape.generated = 0;
    const store::TokenTraces tokens = testing::sampleTokens(shape);
    QList<store::TraceChunk> chunks;
    qint64 bytes = 0;
    for (size_t first = 0; first < tokens.size(); first += 4096) {
        const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(first);
        chunks += store::encodeTraces({begin, begin + 4096});
    }
    for (const store::TraceChunk& chunk : chunks) {
        bytes += chunk.data.size();
    }
    QElapsedTimer clock;
    qint64 best = 1 << 30;
    for (int i = 0; i < 5; ++i) {
        clock.start();
        size_t read = 0;
        for (const store::TraceChunk& chunk : chunks) {
            read += store::decodeTraces(chunk.data).size();
        }
        best = read == tokens.size() ? std::min(best, clock.elapsed()) : best;
    }
    std::printf(", \"prompt_bytes\": %lld, \"prompt_read_ms\": %lld", static_cast<long long>(bytes),
                static_cast<long long>(best));
}

} // namespace

int main() {
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
            "%s\"%ux%u of %u\": {\"write_ms\": %lld, \"open_ms\": %lld, \"open_cpu_ms\": %.0f, \"file_bytes\": %lld",
            first ? "" : ", ", shape.layers, shape.used, shape.experts, static_cast<long long>(written),
            static_cast<long long>(best), cpu, static_cast<long long>(QFileInfo(path).size()));
        benchPrompt(shape);
        std::printf("}");
        first = false;
    }
    std::printf("}\n");
}
