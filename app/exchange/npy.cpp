// SPDX-License-Identifier: Apache-2.0
#include "app/exchange/npy.h"

#include <QRegularExpression>
#include <QtEndian>

#include <array>
#include <bit>
#include <limits>

namespace moescope::exchange {
namespace {

static_assert(std::endian::native == std::endian::little, "values are written as they lie in memory");

constexpr QByteArrayView magic("\x93NUMPY");
constexpr qsizetype mostHead = 4096;
constexpr std::array names = {std::pair(NpyType::UInt8, "|u1"), std::pair(NpyType::Int32, "<i4"),
                              std::pair(NpyType::Float16, "<f2"), std::pair(NpyType::Float32, "<f4")};

std::optional<NpyType> typeOf(const QString& name) {
    for (const auto& [type, known] : names) {
        if (name == QLatin1String(known)) {
            return type;
        }
    }
    return std::nullopt;
}

QLatin1String nameOf(NpyType type) {
    for (const auto& [known, name] : names) {
        if (type == known) {
            return QLatin1String(name);
        }
    }
    return {};
}

} // namespace

int bytesOf(NpyType type) { return type == NpyType::UInt8 ? 1 : type == NpyType::Float16 ? 2 : 4; }

QByteArray npyHead(NpyType type, const QList<qint64>& shape) {
    QByteArray text = "{'descr': '" + QByteArray(nameOf(type).data()) + "', 'fortran_order': False, 'shape': (";
    for (const qint64 n : shape) {
        text += QByteArray::number(n) + ", ";
    }
    text += "), }";
    // Magic, version and length are 10 bytes; data begins at a multiple of 64 after a line feed.
    text = text.leftJustified((text.size() + 11 + 63) / 64 * 64 - 11, ' ') + '\n';
    QByteArray head = magic.toByteArray();
    head.append(char(1)).append(char(0));
    head.append(static_cast<char>(text.size() & 0xFF)).append(static_cast<char>(text.size() >> 8));
    return head + text;
}

std::optional<NpyArray> parseNpy(QByteArrayView bytes) {
    constexpr qsizetype least = 10;
    if (bytes.size() < least || bytes.first(magic.size()) != magic) {
        return std::nullopt;
    }
    const char major = bytes[magic.size()];
    const bool wide = major == 2 || major == 3;
    const qsizetype begin = wide ? 12 : least;
    if ((major != 1 && !wide) || bytes.size() < begin) {
        return std::nullopt;
    }
    const auto length = static_cast<qsizetype>(wide ? qFromLittleEndian<quint32>(bytes.data() + 8)
                                                    : qFromLittleEndian<quint16>(bytes.data() + 8));
    if (length > mostHead || length > bytes.size() - begin) {
        return std::nullopt;
    }
    static const QRegularExpression pattern(
        QStringLiteral("^\\s*\\{\\s*'descr'\\s*:\\s*'([^']{3})'\\s*,\\s*'fortran_order'\\s*:\\s*False\\s*,\\s*"
                       "'shape'\\s*:\\s*\\(([0-9, ]*)\\)\\s*,?\\s*\\}\\s*$"));
    const auto match = pattern.match(QString::fromLatin1(bytes.sliced(begin, length)));
    const auto type = match.hasMatch() ? typeOf(match.captured(1)) : std::nullopt;
    if (!type) {
        return std::nullopt;
    }
    NpyArray array;
    array.type = *type;
    array.data = bytes.sliced(begin + length);
    qint64 left = array.data.size() / bytesOf(*type); // values
    qint64 values = 1;
    for (const QString& part : match.captured(2).split(QLatin1Char(','), Qt::SkipEmptyParts)) {
        if (part.trimmed().isEmpty()) {
            continue;
        }
        bool number = false;
        const qint64 n = part.trimmed().toLongLong(&number);
        if (!number || (n > 0 && values > left / n)) {
            return std::nullopt; // more values than there are bytes
        }
        values *= n;
        array.shape.append(n);
    }
    return values * bytesOf(*type) == array.data.size() ? std::optional(array) : std::nullopt;
}

} // namespace moescope::exchange
