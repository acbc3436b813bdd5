// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/archive.h"

#include <QJsonArray>
#include <QJsonObject>

#include <cmath>
#include <initializer_list>
#include <utility>

namespace moescope::exchange {

constexpr double anyCount = 9007199254740992; // 2^53: whole numbers up to it are exact in JSON
constexpr double mostMs = 1e12;

/** An object of capture.json, whose values are checked as they are taken. Absent ones are as in a value of the type. */
class Fields {
public:
    Fields(const QJsonValue& value, QString where, const Source& source)
        : m_json(value.toObject()), m_where(std::move(where)), m_source(source) {
        if (!value.isObject()) {
            refuse(m_where, "is no object");
        }
    }

    bool has(const char* key) const { return !m_json.value(QLatin1String(key)).isUndefined(); }
    QJsonValue value(const char* key) const { return m_json.value(QLatin1String(key)); }
    Fields object(const char* key) const { return {value(key), pathOf(key), m_source}; }

    QString words(const char* key) const {
        const QJsonValue found = value(key);
        if (!found.isUndefined() && !found.isString()) {
            refuse(pathOf(key), "is no text");
        }
        return found.toString();
    }
    std::string utf8(const char* key) const { return words(key).toStdString(); }
    bool flag(const char* key) const {
        const QJsonValue found = value(key);
        if (!found.isUndefined() && !found.isBool()) {
            refuse(pathOf(key), "is neither true nor false");
        }
        return found.toBool();
    }
    double number(const char* key, double low, double high) const {
        const QJsonValue found = value(key);
        const double number = found.toDouble(low);
        if ((!found.isUndefined() && !found.isDouble()) || !(number >= low && number <= high)) {
            refuse(pathOf(key), "is no number from " + figure(low) + " to " + figure(high));
        }
        return found.isUndefined() ? 0 : number;
    }
    template <typename T>
    T whole(const char* key, double low, double high) const {
        const double found = number(key, low, high);
        if (found != std::floor(found)) {
            refuse(pathOf(key), "is no whole number");
        }
        return static_cast<T>(found);
    }
    QDateTime time(const char* key) const {
        const QString found = words(key);
        const QDateTime time = QDateTime::fromString(found, Qt::ISODateWithMs);
        if (!found.isEmpty() && !time.isValid()) {
            refuse(pathOf(key), "is no time");
        }
        return time;
    }
    /** `take(Fields)` of each element. */
    template <typename Take>
    void each(const char* key, int most, Take take) const {
        const QJsonValue found = value(key);
        if (!found.isUndefined() && !found.isArray()) {
            refuse(pathOf(key), "is no list");
        }
        const QJsonArray list = found.toArray();
        if (list.size() > most) {
            refuse(pathOf(key), "has more than " + trace::grouped(uint64_t(most)) + " entries");
        }
        int index = 0;
        for (const QJsonValue& element : list) {
            take(Fields(element, pathOf(key) + QStringLiteral("[%1]").arg(index++), m_source));
        }
    }
    [[noreturn]] void refuse(const QString& where, const std::string& what) const {
        throw trace::Error("exchange.value", "“{file}” is damaged and was not opened: its value “{value}” {problem}.",
                           {{"file", m_source.name()}, {"value", where.toStdString()}, {"problem", what}});
    }
    QString pathOf(const char* key) const {
        return m_where.isEmpty() ? QLatin1String(key) : m_where + QLatin1Char('.') + QLatin1String(key);
    }

private:
    static std::string figure(double value) { return QString::number(value, 'g', 16).toStdString(); }

    QJsonObject m_json;
    QString m_where;
    const Source& m_source;
};

/** The enum value of this name among `all`. */
template <typename T, typename Name>
T named(const Fields& fields, const char* key, std::initializer_list<T> all, Name nameOf) {
    const QString found = fields.words(key);
    for (const T value : all) {
        if (nameOf(value) == found) {
            return value;
        }
    }
    fields.refuse(fields.pathOf(key), "is not known");
}

} // namespace moescope::exchange
