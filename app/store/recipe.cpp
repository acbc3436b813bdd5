// SPDX-License-Identifier: Apache-2.0
#include "app/store/recipe.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cmath>
#include <limits>

namespace moescope::store {
namespace {

constexpr auto keyBanned = "banned";
constexpr auto keyForced = "forced";
constexpr auto keyBiases = "biases";
constexpr auto keyShared = "without_shared";
constexpr auto keyUsed = "experts_used";

constexpr qsizetype longestText = 4 << 20; // bytes: more than any recipe for 64 layers of 256 experts needs
constexpr uint32_t mostPlaces = 0xFFFF;    // ids are 16 bits wide in a trace

[[noreturn]] void fail(const QString& detail) {
    throw trace::Error("store.recipe_damaged", "The stored what-if of this answer cannot be read: {detail}.",
                       {{"detail", detail.toStdString()}});
}

uint32_t wholeNumber(const QJsonValue& value, const char* key) {
    const double number = value.toDouble(-1);
    if (!(number >= 0 && number <= mostPlaces) || number != std::floor(number)) {
        fail(QStringLiteral("“%1” holds what is no number from 0 to %2").arg(QLatin1String(key)).arg(mostPlaces));
    }
    return static_cast<uint32_t>(number);
}

QJsonArray entriesOf(const QJsonObject& json, const char* key) {
    const QJsonValue value = json.value(QLatin1String(key));
    if (!value.isArray() && !value.isUndefined()) {
        fail(QStringLiteral("“%1” is no list").arg(QLatin1String(key)));
    }
    return value.toArray();
}

/** The numbers of one entry: layer and expert, and a bias. */
QJsonArray entryOf(const QJsonValue& value, const char* key, int size) {
    if (!value.isArray() || value.toArray().size() != size) {
        fail(QStringLiteral("“%1” holds an entry that is no list of %2 numbers").arg(QLatin1String(key)).arg(size));
    }
    return value.toArray();
}

trace::ExpertPlace placeOf(const QJsonArray& entry, const char* key) {
    return {wholeNumber(entry.at(0), key), wholeNumber(entry.at(1), key)};
}

std::vector<trace::ExpertPlace> placesOf(const QJsonObject& json, const char* key) {
    std::vector<trace::ExpertPlace> places;
    for (const QJsonValue value : entriesOf(json, key)) {
        places.push_back(placeOf(entryOf(value, key, 2), key));
    }
    return places;
}

std::vector<trace::ExpertBias> biasesOf(const QJsonObject& json) {
    std::vector<trace::ExpertBias> biases;
    for (const QJsonValue value : entriesOf(json, keyBiases)) {
        const QJsonArray entry = entryOf(value, keyBiases, 3);
        const double bias = entry.at(2).toDouble(std::numeric_limits<double>::infinity());
        if (std::abs(bias) > double(std::numeric_limits<float>::max())) {
            fail(QStringLiteral("a bias is no number that fits 32 bits"));
        }
        biases.push_back({placeOf(entry, keyBiases), static_cast<float>(bias)});
    }
    return biases;
}

QJsonArray arrayOf(const std::vector<trace::ExpertPlace>& places) {
    QJsonArray array;
    for (const trace::ExpertPlace& place : places) {
        array.append(QJsonArray{qint64{place.layer}, qint64{place.expert}});
    }
    return array;
}

} // namespace

QString recipeText(const trace::Intervention& intervention) {
    QJsonObject json;
    if (!intervention.banned.empty()) {
        json.insert(QLatin1String(keyBanned), arrayOf(intervention.banned));
    }
    if (!intervention.forced.empty()) {
        json.insert(QLatin1String(keyForced), arrayOf(intervention.forced));
    }
    if (!intervention.biases.empty()) {
        QJsonArray biases;
        for (const trace::ExpertBias& bias : intervention.biases) {
            biases.append(QJsonArray{qint64{bias.place.layer}, qint64{bias.place.expert}, double(bias.bias)});
        }
        json.insert(QLatin1String(keyBiases), biases);
    }
    if (intervention.without_shared) {
        json.insert(QLatin1String(keyShared), true);
    }
    if (intervention.experts_used > 0) {
        json.insert(QLatin1String(keyUsed), qint64{intervention.experts_used});
    }
    return QString::fromUtf8(QJsonDocument(json).toJson(QJsonDocument::Compact));
}

trace::Intervention recipeFrom(const QString& text) {
    const QByteArray bytes = text.toUtf8();
    if (bytes.size() > longestText) {
        fail(QStringLiteral("it is %1 bytes long").arg(bytes.size()));
    }
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(bytes, &error);
    if (!document.isObject()) {
        fail(QStringLiteral("at byte %1 it is no JSON object").arg(error.offset));
    }
    const QJsonObject json = document.object();
    for (const QString& key : json.keys()) {
        const bool known = key == QLatin1String(keyBanned) || key == QLatin1String(keyForced) ||
                           key == QLatin1String(keyBiases) || key == QLatin1String(keyShared) ||
                           key == QLatin1String(keyUsed);
        if (!known) { // part of a recipe would be shown as the whole
            fail(QStringLiteral("“%1” is not known").arg(key.left(40)));
        }
    }
    trace::Intervention intervention;
    intervention.banned = placesOf(json, keyBanned);
    intervention.forced = placesOf(json, keyForced);
    intervention.biases = biasesOf(json);
    const QJsonValue shared = json.value(QLatin1String(keyShared));
    if (!shared.isBool() && !shared.isUndefined()) {
        fail(QStringLiteral("“%1” is neither true nor false").arg(QLatin1String(keyShared)));
    }
    intervention.without_shared = shared.toBool();
    const QJsonValue used = json.value(QLatin1String(keyUsed));
    intervention.experts_used = used.isUndefined() ? 0 : wholeNumber(used, keyUsed);
    return intervention;
}

StoredRecipe readRecipe(const QString& text) {
    try {
        return {recipeFrom(text), std::nullopt};
    } catch (const trace::Error& error) {
        return {{}, error};
    }
}

} // namespace moescope::store
