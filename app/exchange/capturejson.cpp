// SPDX-License-Identifier: Apache-2.0
#include "app/exchange/capturejson.h"

#include "app/exchange/capturefields.h"
#include "app/exchange/captureledger.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

namespace moescope::exchange {
namespace {

constexpr int mostTokens = 1 << 20;
constexpr int mostLayers = 4096;
constexpr int mostExperts = 65536;
constexpr int mostNotes = 10000;
constexpr int mostMessages = 100000;

QString text(const std::string& value) { return QString::fromStdString(value); }
QJsonValue count(uint64_t value) { return static_cast<qint64>(value); }
QString timeText(const QDateTime& time) { return time.toUTC().toString(Qt::ISODateWithMs); }

// --- model and machine ---

struct ModelNumber {
    const char* key;
    uint32_t trace::ModelInfo::*field;
};

constexpr ModelNumber modelNumbers[] = {
    {"block_count", &trace::ModelInfo::block_count},
    {"leading_dense_block_count", &trace::ModelInfo::leading_dense_block_count},
    {"embedding_length", &trace::ModelInfo::embedding_length},
    {"head_count", &trace::ModelInfo::head_count},
    {"head_count_kv", &trace::ModelInfo::head_count_kv},
    {"head_dim", &trace::ModelInfo::head_dim},
    {"expert_count", &trace::ModelInfo::expert_count},
    {"expert_used_count", &trace::ModelInfo::expert_used_count},
    {"expert_shared_count", &trace::ModelInfo::expert_shared_count},
    {"expert_feed_forward_length", &trace::ModelInfo::expert_feed_forward_length},
    {"context_length", &trace::ModelInfo::context_length},
    {"vocab_size", &trace::ModelInfo::vocab_size},
};
constexpr double mostModelNumber = 1 << 30;

QJsonObject modelJson(const trace::ModelInfo& model) {
    QJsonObject json{{"name", text(model.name)},
                     {"file", text(model.file_name)},
                     {"type", text(model.main_type)},
                     {"architecture", text(model.architecture)},
                     {"license", text(model.license)},
                     {"parameters", count(model.parameters)},
                     {"active_parameters", count(model.active_parameters)},
                     {"file_bytes", count(model.file_bytes)},
                     {"cla_share_factor", count(model.cla_share_factor)},
                     {"synthetic", model.synthetic}};
    for (const ModelNumber& number : modelNumbers) {
        json.insert(QLatin1String(number.key), count(model.*number.field));
    }
    return json;
}

trace::ModelInfo modelOf(const Fields& fields) {
    trace::ModelInfo model;
    model.name = fields.utf8("name");
    model.file_name = fields.utf8("file");
    model.main_type = fields.utf8("type");
    model.architecture = fields.utf8("architecture");
    model.license = fields.utf8("license");
    model.parameters = fields.whole<uint64_t>("parameters", 0, anyCount);
    model.active_parameters = fields.whole<uint64_t>("active_parameters", 0, anyCount);
    model.file_bytes = fields.whole<uint64_t>("file_bytes", 0, anyCount);
    if (fields.has("cla_share_factor")) {
        model.cla_share_factor = fields.whole<uint32_t>("cla_share_factor", 1, mostLayers);
    }
    model.synthetic = fields.flag("synthetic");
    for (const ModelNumber& number : modelNumbers) {
        model.*number.field = fields.whole<uint32_t>(number.key, 0, mostModelNumber);
    }
    if (model.block_count > mostLayers || model.leading_dense_block_count > model.block_count) {
        fields.refuse(fields.pathOf("block_count"), "does not fit its other sizes");
    }
    if (model.expert_count > mostExperts || model.expert_used_count > model.expert_count) {
        fields.refuse(fields.pathOf("expert_count"), "does not fit its other sizes");
    }
    return model;
}

QJsonObject deviceJson(const trace::DeviceInfo& device) {
    return {{"name", text(device.name)},
            {"type", text(device.type)},
            {"driver", text(device.driver)},
            {"api_version", text(device.api_version)},
            {"memory_bytes", count(device.memory_bytes)}};
}

trace::DeviceInfo deviceOf(const Fields& fields) {
    trace::DeviceInfo device;
    device.name = fields.utf8("name");
    device.type = fields.utf8("type");
    device.driver = fields.utf8("driver");
    device.api_version = fields.utf8("api_version");
    device.memory_bytes = fields.whole<uint64_t>("memory_bytes", 0, anyCount);
    return device;
}

QJsonObject memoryJson(const trace::MemoryInfo& memory) {
    return {{"weights_bytes", count(memory.weights_bytes)},
            {"kv_bytes", count(memory.kv_bytes)},
            {"kv_bytes_per_token", count(memory.kv_bytes_per_token)},
            {"workspace_bytes", count(memory.workspace_bytes)},
            {"context", count(memory.context)},
            {"kv_type", text(memory.kv_type)}};
}

trace::MemoryInfo memoryOf(const Fields& fields) {
    trace::MemoryInfo memory;
    memory.weights_bytes = fields.whole<uint64_t>("weights_bytes", 0, anyCount);
    memory.kv_bytes = fields.whole<uint64_t>("kv_bytes", 0, anyCount);
    memory.kv_bytes_per_token = fields.whole<uint64_t>("kv_bytes_per_token", 0, anyCount);
    memory.workspace_bytes = fields.whole<uint64_t>("workspace_bytes", 0, anyCount);
    memory.context = fields.whole<uint32_t>("context", 0, mostModelNumber);
    memory.kv_type = fields.utf8("kv_type");
    return memory;
}

// --- messages ---

QJsonObject timingsJson(const trace::StepTimings& timings) {
    return {{"prefill_ms", timings.prefill_ms},
            {"prefill_tokens", count(timings.prefill_tokens)},
            {"reused_tokens", count(timings.reused_tokens)},
            {"first_token_ms", timings.first_token_ms},
            {"decode_ms", timings.decode_ms},
            {"decode_tokens", count(timings.decode_tokens)}};
}

trace::StepTimings timingsOf(const Fields& fields) {
    trace::StepTimings timings;
    timings.prefill_ms = fields.number("prefill_ms", 0, mostMs);
    timings.prefill_tokens = fields.whole<uint32_t>("prefill_tokens", 0, mostModelNumber);
    timings.reused_tokens = fields.whole<uint32_t>("reused_tokens", 0, mostModelNumber);
    timings.first_token_ms = fields.number("first_token_ms", 0, mostMs);
    timings.decode_ms = fields.number("decode_ms", 0, mostMs);
    timings.decode_tokens = fields.whole<uint32_t>("decode_tokens", 0, mostModelNumber);
    return timings;
}

QJsonObject messageJson(const store::Message& message) {
    QJsonObject json{
        {"role", store::roleName(message.role)}, {"created", timeText(message.created)}, {"text", message.text}};
    if (message.role != store::Role::Assistant) {
        return json;
    }
    json.insert(QStringLiteral("state"), store::stateName(message.state));
    json.insert(QStringLiteral("model"), QJsonObject{{"name", message.model.name},
                                                     {"file", message.model.file},
                                                     {"type", message.model.type},
                                                     {"parameters", count(message.model.parameters)},
                                                     {"active_parameters", count(message.model.active_parameters)}});
    json.insert(QStringLiteral("sampling"), message.sampling);
    json.insert(QStringLiteral("timings"), timingsJson(message.timings));
    json.insert(QStringLiteral("thinking"),
                QJsonObject{{"ms", message.thinking.ms}, {"tokens", count(message.thinking.tokens)}});
    if (message.seed) {
        json.insert(QStringLiteral("seed"), QString::number(*message.seed)); // more digits than a JSON number keeps
    }
    if (!message.recipe.intervention.empty()) {
        json.insert(QStringLiteral("recipe"),
                    QJsonDocument::fromJson(store::recipeText(message.recipe.intervention).toUtf8()).object());
    }
    if (message.stop_reason) {
        json.insert(QStringLiteral("stop_reason"), QLatin1String(trace::stopReasonName(*message.stop_reason)));
    }
    if (!message.error.isEmpty()) {
        json.insert(QStringLiteral("error_id"), message.error_id);
        json.insert(QStringLiteral("error"), message.error);
    }
    return json;
}

store::Message messageOf(const Fields& fields, qint64 id) {
    using store::MessageState;
    using store::Role;
    using trace::StopReason;
    store::Message message;
    message.id = id;
    message.parent = id - 1;
    message.role = named(fields, "role", {Role::System, Role::User, Role::Assistant}, store::roleName);
    message.created = fields.time("created").toLocalTime();
    message.text = fields.words("text");
    if (message.role != Role::Assistant) {
        return message;
    }
    // One that was still being written has no end; nothing goes on in a capture.
    message.state =
        named(fields, "state",
              {MessageState::Complete, MessageState::Interrupted, MessageState::Cancelled, MessageState::Failed},
              store::stateName);
    const Fields model = fields.object("model");
    message.model = {model.words("name"), model.words("file"), model.words("type"),
                     model.whole<quint64>("parameters", 0, anyCount),
                     model.whole<quint64>("active_parameters", 0, anyCount)};
    if (fields.has("sampling")) {
        fields.object("sampling"); // the window takes of it what it knows, within its bounds
        message.sampling = fields.value("sampling").toObject();
    }
    if (fields.has("timings")) {
        message.timings = timingsOf(fields.object("timings"));
    }
    if (fields.has("thinking")) {
        const Fields thinking = fields.object("thinking");
        message.thinking = {thinking.number("ms", 0, mostMs), thinking.whole<quint32>("tokens", 0, mostModelNumber)};
    }
    if (fields.has("seed")) {
        bool number = false;
        message.seed = fields.words("seed").toULongLong(&number);
        if (!number) {
            fields.refuse(fields.pathOf("seed"), "is no whole number");
        }
    }
    if (fields.has("recipe")) {
        fields.object("recipe");
        message.recipe = store::readRecipe(
            QString::fromUtf8(QJsonDocument(fields.value("recipe").toObject()).toJson(QJsonDocument::Compact)));
        if (message.recipe.error) {
            fields.refuse(fields.pathOf("recipe"), "is no what-if that can be read");
        }
    }
    if (fields.has("stop_reason")) {
        message.stop_reason =
            named(fields, "stop_reason",
                  {StopReason::Eos, StopReason::Stop, StopReason::Length, StopReason::Context, StopReason::Cancelled},
                  [](StopReason reason) { return QLatin1String(trace::stopReasonName(reason)); });
    }
    message.error_id = fields.words("error_id");
    message.error = fields.words("error");
    return message;
}

// --- notes ---

QJsonArray notesJson(const QList<Note>& notes) {
    QJsonArray list;
    for (const Note& note : notes) {
        list.append(QJsonObject{{"message", note.message},
                                {"token", note.token},
                                {"text", note.text},
                                {"created", timeText(note.created)}});
    }
    return list;
}

QJsonArray bookmarksJson(const QList<Bookmark>& bookmarks) {
    QJsonArray list;
    for (const Bookmark& bookmark : bookmarks) {
        list.append(QJsonObject{{"token", bookmark.token}, {"created", timeText(bookmark.created)}});
    }
    return list;
}

void takeNotes(const Fields& fields, const TokenCounts& counts, Capture& capture) {
    const int lastToken = std::max(counts.tokens - 1, 0);
    fields.each("notes", mostNotes, [&](const Fields& note) {
        capture.notes.append({note.whole<int>("message", 0, static_cast<double>(capture.messages.size()) - 1),
                              note.has("token") ? note.whole<int>("token", -1, lastToken) : -1, note.words("text"),
                              note.time("created").toLocalTime()});
    });
    fields.each("bookmarks", mostNotes, [&](const Fields& bookmark) {
        capture.bookmarks.append({bookmark.whole<int>("token", 0, lastToken), bookmark.time("created").toLocalTime()});
    });
}

TokenCounts countsOf(const Fields& fields) {
    TokenCounts counts;
    counts.tokens = fields.whole<int>("count", 0, mostTokens);
    counts.layers = fields.whole<int>("layers", 0, mostLayers);
    counts.experts = fields.whole<int>("experts", 0, mostExperts);
    counts.used = fields.whole<int>("used", 0, mostExperts);
    if (counts.layers > 0 && (counts.used == 0 || counts.used > counts.experts)) {
        fields.refuse(fields.pathOf("used"), "does not fit the number of experts");
    }
    return counts;
}

} // namespace

QByteArray toJson(const Capture& capture, const TokenCounts& counts) {
    QJsonArray messages;
    for (const store::Message& message : capture.messages) {
        messages.append(messageJson(message));
    }
    QJsonObject json{{"format", "moescope-capture"},
                     {"version", formatVersion},
                     {"program", capture.program},
                     {"created", timeText(capture.created)},
                     {"title", capture.title},
                     {"model", modelJson(capture.model)},
                     {"system_prompt", capture.system_prompt},
                     {"messages", messages},
                     {"tokens", QJsonObject{{"count", counts.tokens},
                                            {"layers", counts.layers},
                                            {"experts", counts.experts},
                                            {"used", counts.used}}},
                     {"notes", notesJson(capture.notes)},
                     {"bookmarks", bookmarksJson(capture.bookmarks)}};
    if (capture.device) {
        json.insert(QStringLiteral("device"), deviceJson(*capture.device));
    }
    if (capture.memory) {
        json.insert(QStringLiteral("memory"), memoryJson(*capture.memory));
    }
    if (capture.ledger) {
        json.insert(QStringLiteral("ledger"), ledgerJson(*capture.ledger));
    }
    return QJsonDocument(json).toJson();
}

std::pair<Capture, TokenCounts> fromJson(const QByteArray& json, const Source& source) {
    QJsonParseError problem;
    const QJsonDocument document = QJsonDocument::fromJson(json, &problem);
    if (!document.isObject()) {
        const std::string what = problem.error == QJsonParseError::NoError
                                     ? "it is no object"
                                     : problem.errorString().toStdString() + " at byte " +
                                           trace::grouped(static_cast<uint64_t>(problem.offset));
        source.damaged("its part “capture.json” cannot be read (" + what + ")");
    }
    const Fields fields(document.object(), {}, source);
    if (fields.words("format") != QLatin1String("moescope-capture")) {
        fields.refuse(QStringLiteral("format"), "is not “moescope-capture”");
    }
    const int version = fields.whole<int>("version", 1, 1e9);
    if (version > formatVersion) {
        throw trace::Error("exchange.version",
                           "“{file}” was written by a newer Moescope ({program}): its format is {version}, and this "
                           "program reads formats up to {known}.",
                           {{"file", source.name()},
                            {"program", fields.utf8("program")},
                            {"version", std::to_string(version)},
                            {"known", std::to_string(formatVersion)}});
    }
    std::pair<Capture, TokenCounts> read;
    auto& [capture, counts] = read;
    counts = countsOf(fields.object("tokens"));
    capture.program = fields.words("program");
    capture.created = fields.time("created").toLocalTime();
    capture.title = fields.words("title");
    capture.model = modelOf(fields.object("model"));
    capture.system_prompt = fields.words("system_prompt");
    fields.each("messages", mostMessages, [&list = capture.messages](const Fields& message) {
        list.append(messageOf(message, list.size() + 1));
    });
    if (capture.messages.isEmpty() || capture.messages.last().role != store::Role::Assistant) {
        fields.refuse(QStringLiteral("messages"), "does not end with an answer");
    }
    if (fields.has("device")) {
        capture.device = deviceOf(fields.object("device"));
    }
    if (fields.has("memory")) {
        capture.memory = memoryOf(fields.object("memory"));
    }
    if (fields.has("ledger")) {
        capture.ledger = ledgerOf(fields.object("ledger"));
    }
    takeNotes(fields, counts, capture);
    return read;
}

} // namespace moescope::exchange
