// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

namespace moescope::test {

/** Waits until it was written. */
inline bool isFile(const QString& path) {
    constexpr int patience = 20'000; // ms
    return QTest::qWaitFor([&] { return QFile::exists(path); }, patience);
}

/** A model that is not there: the app starts without one. */
inline QString nowhere(const QTemporaryDir& folder) { return folder.filePath(QStringLiteral("none.gguf")); }

} // namespace moescope::test
