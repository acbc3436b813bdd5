// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QFile>
#include <QString>

#include <cstring>
#include <stdexcept>
#include <vector>

namespace moescope::test {

/** An array of 4-byte elements as NumPy's format 1.0 keeps it, read without the code that wrote it. */
struct NpyFile {
    QByteArray kind; ///< "<i4", "<f4"
    std::vector<qsizetype> shape;
    QByteArray data;

    explicit NpyFile(const QString& path) {
        QFile file(path);
        if (!file.open(QIODevice::ReadOnly)) {
            throw std::runtime_error(path.toStdString() + " cannot be opened");
        }
        const QByteArray bytes = file.readAll();
        if (!bytes.startsWith(QByteArray("\x93NUMPY\x01\x00", 8))) {
            throw std::runtime_error(path.toStdString() + " is no .npy file");
        }
        const qsizetype length = quint8(bytes[8]) + quint8(bytes[9]) * 256;
        const QByteArray header = bytes.mid(10, length);
        kind = header.mid(header.indexOf("'<") + 1, 3);
        const qsizetype open = header.indexOf('(');
        for (const QByteArray& size : header.mid(open + 1, header.indexOf(')') - open - 1).split(',')) {
            if (!size.trimmed().isEmpty()) {
                shape.push_back(size.trimmed().toLongLong());
            }
        }
        data = bytes.mid(10 + length);
        qsizetype elements = 4;
        for (const qsizetype size : shape) {
            elements *= size;
        }
        if (elements != data.size()) {
            throw std::runtime_error(path.toStdString() + " is shorter or longer than it says");
        }
    }

    template <typename T>
    T at(qsizetype token, qsizetype layer, qsizetype i) const {
        static_assert(sizeof(T) == 4);
        T value;
        std::memcpy(&value, data.constData() + 4 * ((token * shape[1] + layer) * shape[2] + i), 4);
        return value;
    }
};

} // namespace moescope::test
