// SPDX-License-Identifier: Apache-2.0
#include "app/exchange/captureledger.h"

namespace moescope::exchange {
namespace {

constexpr double mostBytes = double(uint64_t{1} << 50);
constexpr double mostPerToken = 1 << 30;
constexpr double mostTokens = 1 << 30;

QJsonValue count(uint64_t value) { return static_cast<qint64>(value); }

QString keyOf(trace::KvType type) {
    const std::string_view name = trace::kvTypeName(type);
    return QString::fromLatin1(name.data(), static_cast<qsizetype>(name.size()));
}

struct Share {
    const char* key;
    trace::WeightShare trace::MemoryNeeds::*field;
};
constexpr Share shares[] = {{"routed", &trace::MemoryNeeds::routed},
                            {"shared", &trace::MemoryNeeds::shared},
                            {"rest", &trace::MemoryNeeds::rest}};

struct Use {
    const char* key;
    trace::MemoryUse trace::MemoryLedger::*field;
};
constexpr Use uses[] = {{"routed", &trace::MemoryLedger::routed},       {"shared", &trace::MemoryLedger::shared},
                        {"rest", &trace::MemoryLedger::rest},           {"kv", &trace::MemoryLedger::kv},
                        {"workspace", &trace::MemoryLedger::workspace}, {"staging", &trace::MemoryLedger::staging}};

QJsonObject needsJson(const trace::MemoryNeeds& needs) {
    QJsonObject json{{"workspace_bytes", count(needs.workspace_bytes)},
                     {"workspace_bytes_per_token", count(needs.workspace_bytes_per_token)}};
    for (const Share& share : shares) {
        const trace::WeightShare& weights = needs.*share.field;
        json.insert(QLatin1String(share.key),
                    QJsonObject{{"bytes", count(weights.bytes)}, {"types", QString::fromStdString(weights.types)}});
    }
    QJsonObject kv;
    for (const trace::KvType type : trace::kvTypes) {
        kv.insert(keyOf(type), count(needs.kvPerToken(type)));
    }
    json.insert(QStringLiteral("kv_bytes_per_token"), kv);
    return json;
}

trace::MemoryNeeds needsOf(const Fields& fields) {
    trace::MemoryNeeds needs;
    needs.workspace_bytes = fields.whole<uint64_t>("workspace_bytes", 0, mostBytes);
    needs.workspace_bytes_per_token = fields.whole<uint64_t>("workspace_bytes_per_token", 0, mostPerToken);
    for (const Share& share : shares) {
        const Fields weights = fields.object(share.key);
        needs.*share.field = {weights.whole<uint64_t>("bytes", 0, mostBytes), weights.utf8("types")};
    }
    const Fields kv = fields.object("kv_bytes_per_token");
    for (const trace::KvType type : trace::kvTypes) {
        needs.kv_bytes_per_token.at(static_cast<size_t>(type)) =
            kv.whole<uint64_t>(keyOf(type).toLatin1().constData(), 0, mostPerToken);
    }
    return needs;
}

QJsonObject placedJson(const trace::PlacedBytes& placed) {
    return {{"device", count(placed.device)}, {"mapped", count(placed.mapped)}, {"host", count(placed.host)}};
}

trace::PlacedBytes placedOf(const Fields& fields) {
    return {fields.whole<uint64_t>("device", 0, mostBytes), fields.whole<uint64_t>("mapped", 0, mostBytes),
            fields.whole<uint64_t>("host", 0, mostBytes)};
}

} // namespace

QJsonObject ledgerJson(const trace::MemoryLedger& ledger) {
    QJsonObject json{{"planned", needsJson(ledger.planned)},
                     {"context", count(ledger.context)},
                     {"kv_type", keyOf(ledger.kv_type)},
                     {"allocated", placedJson(ledger.allocated)},
                     {"device_bytes", count(ledger.device_bytes)},
                     {"driver_counts", ledger.driver_counts},
                     {"free_before_bytes", count(ledger.free_before_bytes)},
                     {"free_after_bytes", count(ledger.free_after_bytes)}};
    for (const Use& use : uses) {
        const trace::MemoryUse& buffers = ledger.*use.field;
        json.insert(QLatin1String(use.key),
                    QJsonObject{{"bytes", count(buffers.bytes)}, {"allocated", placedJson(buffers.allocated)}});
    }
    return json;
}

trace::MemoryLedger ledgerOf(const Fields& fields) {
    trace::MemoryLedger ledger;
    ledger.planned = needsOf(fields.object("planned"));
    ledger.context = fields.whole<uint32_t>("context", 0, mostTokens);
    ledger.kv_type = named(fields, "kv_type", {trace::KvType::F32, trace::KvType::F16, trace::KvType::Q8_0}, keyOf);
    ledger.allocated = placedOf(fields.object("allocated"));
    ledger.device_bytes = fields.whole<uint64_t>("device_bytes", 0, mostBytes);
    ledger.driver_counts = fields.flag("driver_counts");
    ledger.free_before_bytes = fields.whole<uint64_t>("free_before_bytes", 0, mostBytes);
    ledger.free_after_bytes = fields.whole<uint64_t>("free_after_bytes", 0, mostBytes);
    for (const Use& use : uses) {
        const Fields buffers = fields.object(use.key);
        ledger.*use.field = {buffers.whole<uint64_t>("bytes", 0, mostBytes), placedOf(buffers.object("allocated"))};
        if ((ledger.*use.field).allocated.total() < (ledger.*use.field).bytes) {
            fields.refuse(fields.pathOf(use.key), "has less than was asked for");
        }
    }
    return ledger;
}

} // namespace moescope::exchange
