// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <optional>

namespace moescope::exchange {

enum class NpyType { UInt8, Int32, Float16, Float32 };

int bytesOf(NpyType type);

/** An array of a NumPy .npy file, little-endian, in C order. */
struct NpyArray {
    NpyType type = NpyType::UInt8;
    QList<qint64> shape;
    QByteArrayView data; ///< as long as type and shape say
};

/** What stands before the data (format 1.0). */
QByteArray npyHead(NpyType type, const QList<qint64>& shape);

/** Of format 1.0, 2.0 or 3.0; none if `bytes` are not such a file, whole and of these types. The data lie in `bytes`. */
std::optional<NpyArray> parseNpy(QByteArrayView bytes);

} // namespace moescope::exchange
