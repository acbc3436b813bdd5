// SPDX-License-Identifier: Apache-2.0
#include "app/store/tracecodec.h"

#include "engine/trace/routing_log.h"

#include <QFloat16>
#include <QtEndian>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace moescope::store {
namespace {

constexpr char magic[] = {'M', 'T', 'R', '1'};
constexpr qsizetype prefixBytes = sizeof(magic) + sizeof(quint64);
constexpr quint16 formatVersion = 3;
constexpr quint16 withoutCandidates = 1;
constexpr quint16 withoutChoicesOnly = 2;
constexpr quint64 chunkBytes = 16ULL << 20; // unpacked, beyond which a new chunk begins
constexpr quint64 maxBytes = 256ULL << 20;  // unpacked, beyond which a chunk is not believed
constexpr quint32 maxLayers = 4096;
constexpr quint32 maxExperts = 65536;

enum TokenFlag : quint8 { Generated = 1, HasRouter = 2, HasProbs = 4, HasCandidates = 8, ChoicesOnly = 16 };

struct Shape {
    quint32 moe_layers = 0;
    quint32 expert_count = 0;
    quint32 expert_used_count = 0;

    bool operator==(const Shape&) const = default;
    quint64 chosen() const { return quint64(moe_layers) * expert_used_count; }
    quint64 all() const { return quint64(moe_layers) * expert_count; }
    bool wide() const { return expert_count > 256; }
    quint64 idBytes() const { return wide() ? 2 : 1; }
    quint64 choiceBytes() const { return chosen() * 3; }
    quint64 routerBytes() const { return (chosen() + moe_layers) * (idBytes() + 2) + chosen() * 2; }
    bool sane() const {
        return moe_layers > 0 && moe_layers <= maxLayers && expert_count > 0 && expert_count <= maxExperts &&
               expert_used_count > 0 && expert_used_count <= expert_count;
    }
};

Shape shapeOf(const trace::RouterTrace& router) {
    return router.empty() ? Shape{} : Shape{router.moe_layers, router.expert_count, router.expert_used_count};
}

quint64 checksum(QByteArrayView bytes) {
    quint64 hash = 0xcbf29ce484222325ULL;
    for (const char byte : bytes) {
        hash = (hash ^ static_cast<quint8>(byte)) * 0x100000001b3ULL;
    }
    return hash;
}

[[noreturn]] void failDamaged(const char* detail) {
    throw trace::Error("store.trace_damaged", "The stored routing of this answer cannot be read: {detail}.",
                       {{"detail", detail}});
}

template <typename T>
void put(QByteArray& out, T value) {
    const T little = qToLittleEndian(value);
    out.append(reinterpret_cast<const char*>(&little), sizeof(little));
}

void putHalves(QByteArray& out, const std::vector<float>& values) {
    for (const float value : values) {
        put(out, std::bit_cast<quint16>(qfloat16(value)));
    }
}

void putIds(QByteArray& out, const std::vector<uint16_t>& ids, bool wide) {
    for (const uint16_t id : ids) {
        if (wide) {
            put(out, static_cast<quint16>(id));
        } else {
            put(out, static_cast<quint8>(id));
        }
    }
}

void checkSizes(const trace::TokenTrace& token) {
    const trace::RouterTrace& router = token.router;
    const Shape shape = shapeOf(router);
    bool fits = shape.sane() && router.experts.size() == shape.chosen() && router.weights.size() == shape.chosen() &&
                (router.probs.empty() || router.probs.size() == shape.all());
    const bool whole = router.chosen_probs.size() == shape.chosen() && router.runner_up.size() == shape.moe_layers &&
                       router.runner_up_prob.size() == shape.moe_layers;
    const bool choices = router.chosen_probs.empty() && router.runner_up.empty() && router.runner_up_prob.empty() &&
                         router.probs.empty() && !token.generated;
    fits = fits && (whole || choices);
    for (const uint16_t id : router.experts) {
        fits = fits && id < shape.expert_count;
    }
    for (const uint16_t id : router.runner_up) {
        // No meaning where every expert is chosen, but it must fit its byte.
        fits = fits && (id < shape.expert_count || shape.expert_count == shape.expert_used_count);
    }
    if (!fits) {
        throw trace::Error("store.invalid", "The change does not fit the stored conversations: {detail}.",
                           {{"detail", "a router trace has other sizes than its shape"}});
    }
}

constexpr float mostWeight = 65504; // of a half

/** Whether of the routing the choices alone are kept. */
bool keepsChoices(const trace::TokenTrace& token) {
    const auto isWeight = [](float weight) { return weight >= 0 && weight <= mostWeight; }; // NaN is none
    const std::vector<float>& weights = token.router.weights;
    return !token.generated && !token.router.empty() && token.router.probs.empty() &&
           std::all_of(weights.begin(), weights.end(), isWeight);
}

std::vector<uint8_t> logOf(const std::vector<const trace::RouterTrace*>& routers, const Shape& shape) {
    float limit = 1;
    for (const trace::RouterTrace* router : routers) {
        limit = std::max(limit, *std::max_element(router->weights.begin(), router->weights.end()));
    }
    trace::RoutingLog log({shape.moe_layers, shape.expert_count, shape.expert_used_count}, limit);
    for (const trace::RouterTrace* router : routers) {
        log.append(*router);
    }
    return log.toBytes();
}

// In bytes: what stands before the text of a token, and of a candidate.
constexpr quint64 tokenHead = 17;
constexpr quint64 candidateHead = 16;

quint64 candidateBytes(const trace::TokenTrace& token) {
    quint64 bytes = token.candidates.empty() ? 0 : 2;
    for (const trace::TokenCandidate& candidate : token.candidates) {
        bytes += candidateHead + candidate.text.size();
    }
    return bytes;
}

void checkCandidates(const trace::TokenTrace& token) {
    if (token.candidates.size() > std::numeric_limits<quint16>::max()) {
        throw trace::Error("store.invalid", "The change does not fit the stored conversations: {detail}.",
                           {{"detail", "a token has more than 65,535 candidates"}});
    }
}

void putCandidates(QByteArray& out, const std::vector<trace::TokenCandidate>& candidates) {
    put(out, static_cast<quint16>(candidates.size()));
    for (const trace::TokenCandidate& candidate : candidates) {
        put(out, static_cast<qint32>(candidate.token));
        put(out, std::bit_cast<quint32>(candidate.probability));
        put(out, std::bit_cast<quint32>(candidate.sampled));
        put(out, static_cast<quint32>(candidate.text.size()));
        out.append(candidate.text.data(), static_cast<qsizetype>(candidate.text.size()));
    }
}

TraceChunk packChunk(const TokenTraces& tokens, Shape shape) {
    QByteArray raw;
    put(raw, formatVersion);
    put(raw, static_cast<quint8>(shape.wide()));
    put(raw, quint8(0));
    put(raw, static_cast<quint32>(tokens.size()));
    put(raw, shape.moe_layers);
    put(raw, shape.expert_count);
    put(raw, shape.expert_used_count);
    std::vector<const trace::RouterTrace*> whole;
    std::vector<const trace::RouterTrace*> choosing;
    for (const trace::TokenTracePtr& token : tokens) {
        const bool choices = keepsChoices(*token);
        if (!token->router.empty()) {
            (choices ? choosing : whole).push_back(&token->router);
        }
        quint8 flags = token->generated ? Generated : 0;
        flags |= token->router.empty() ? 0 : HasRouter;
        flags |= token->router.empty() || token->router.probs.empty() ? 0 : HasProbs;
        flags |= token->candidates.empty() ? 0 : HasCandidates;
        flags |= choices ? ChoicesOnly : 0;
        put(raw, static_cast<qint32>(token->token));
        put(raw, static_cast<quint32>(token->position));
        put(raw, flags);
        put(raw, std::bit_cast<quint32>(token->probability));
        put(raw, static_cast<quint32>(token->text.size()));
        raw.append(token->text.data(), static_cast<qsizetype>(token->text.size()));
        if (!token->candidates.empty()) {
            putCandidates(raw, token->candidates);
        }
    }
    for (const trace::RouterTrace* router : whole) {
        putIds(raw, router->experts, shape.wide());
        putHalves(raw, router->weights);
        putHalves(raw, router->chosen_probs);
        putIds(raw, router->runner_up, shape.wide());
        putHalves(raw, router->runner_up_prob);
        putHalves(raw, router->probs);
    }
    if (!choosing.empty()) {
        const std::vector<uint8_t> choices = logOf(choosing, shape);
        put(raw, static_cast<quint32>(choices.size()));
        raw.append(reinterpret_cast<const char*>(choices.data()), static_cast<qsizetype>(choices.size()));
    }
    const QByteArray packed = qCompress(raw);
    TraceChunk chunk;
    chunk.tokens = static_cast<int>(tokens.size());
    chunk.data.append(magic, sizeof(magic));
    put(chunk.data, checksum(packed));
    chunk.data.append(packed);
    return chunk;
}

class ByteReader {
public:
    explicit ByteReader(QByteArrayView bytes) : m_bytes(bytes) {}

    quint64 left() const { return static_cast<quint64>(m_bytes.size()); }
    QByteArrayView take(quint64 count) {
        if (count > left()) {
            failDamaged("it ends too early");
        }
        const QByteArrayView taken = m_bytes.first(static_cast<qsizetype>(count));
        m_bytes = m_bytes.sliced(static_cast<qsizetype>(count));
        return taken;
    }
    template <typename T>
    T get() {
        return qFromLittleEndian<T>(take(sizeof(T)).data());
    }
    float probability() {
        const float value = std::bit_cast<float>(get<quint32>());
        if (!(value >= 0 && value <= 1)) { // NaN neither
            failDamaged("it has a probability that is none");
        }
        return value;
    }
    void candidates(std::vector<trace::TokenCandidate>& out) {
        const auto count = get<quint16>();
        if (count > left() / candidateHead) {
            failDamaged("it ends too early");
        }
        out.resize(count);
        for (trace::TokenCandidate& candidate : out) {
            candidate.token = get<qint32>();
            candidate.probability = probability();
            candidate.sampled = probability();
            const QByteArrayView text = take(get<quint32>());
            candidate.text.assign(text.data(), static_cast<size_t>(text.size()));
        }
    }
    void halves(std::vector<float>& out, quint64 count) {
        const QByteArrayView bytes = take(count * 2);
        out.resize(count);
        for (quint64 i = 0; i < count; ++i) {
            out[i] = std::bit_cast<qfloat16>(qFromLittleEndian<quint16>(bytes.data() + 2 * i));
        }
    }
    void ids(std::vector<uint16_t>& out, quint64 count, const Shape& shape, bool checked) {
        const QByteArrayView bytes = take(count * shape.idBytes());
        out.resize(count);
        for (quint64 i = 0; i < count; ++i) {
            out[i] = shape.wide() ? qFromLittleEndian<quint16>(bytes.data() + 2 * i)
                                  : static_cast<uint16_t>(static_cast<quint8>(bytes.at(static_cast<qsizetype>(i))));
            if (checked && out[i] >= shape.expert_count) {
                failDamaged("it names an expert that does not exist");
            }
        }
    }

private:
    QByteArrayView m_bytes;
};

void readChoices(QByteArrayView bytes, const Shape& shape, const std::vector<trace::RouterTrace*>& routers) {
    trace::RoutingLog log;
    try {
        log = trace::RoutingLog::fromBytes(
            {reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<size_t>(bytes.size())});
    } catch (const trace::Error&) {
        failDamaged("the choices of its prompt are damaged");
    }
    const trace::RoutingShape own{shape.moe_layers, shape.expert_count, shape.expert_used_count};
    if (log.shape() != own || log.tokens() != routers.size()) {
        failDamaged("the choices of its prompt are of other sizes");
    }
    for (size_t i = 0; i < routers.size(); ++i) {
        routers[i]->experts.resize(own.choices());
        routers[i]->weights.resize(own.choices());
        log.read(i, routers[i]->experts, routers[i]->weights);
    }
}

} // namespace

QList<TraceChunk> encodeTraces(const TokenTraces& tokens) {
    QList<TraceChunk> chunks;
    TokenTraces pending;
    Shape shape;
    quint64 bytes = 0;
    for (const trace::TokenTracePtr& token : tokens) {
        if (!token) {
            continue;
        }
        const Shape own = shapeOf(token->router);
        if (!token->router.empty()) {
            checkSizes(*token);
        }
        checkCandidates(*token);
        const quint64 size = tokenHead + token->text.size() + candidateBytes(*token) +
                             (keepsChoices(*token) ? own.choiceBytes() : own.routerBytes()) +
                             token->router.probs.size() * 2;
        if (token->text.size() > chunkBytes || size > maxBytes / 2) {
            throw trace::Error("store.invalid", "The change does not fit the stored conversations: {detail}.",
                               {{"detail", "the trace of one token is larger than 128 MiB"}});
        }
        const bool fits = own == Shape{} || shape == Shape{} || own == shape;
        if (!pending.empty() && (!fits || bytes + size > chunkBytes)) {
            chunks.append(packChunk(pending, shape));
            pending.clear();
            shape = Shape{};
            bytes = 0;
        }
        shape = own == Shape{} ? shape : own;
        bytes += size;
        pending.push_back(token);
    }
    if (!pending.empty()) {
        chunks.append(packChunk(pending, shape));
    }
    return chunks;
}

TokenTraces decodeTraces(const QByteArray& data) {
    // qUncompress believes the size in its first four bytes, big-endian: checked before.
    if (data.size() < prefixBytes + 4 || std::memcmp(data.constData(), magic, sizeof(magic)) != 0) {
        failDamaged("it does not begin like one");
    }
    const QByteArrayView packed = QByteArrayView(data).sliced(prefixBytes);
    if (qFromLittleEndian<quint64>(data.constData() + sizeof(magic)) != checksum(packed)) {
        failDamaged("its checksum is wrong");
    }
    const quint64 size = qFromBigEndian<quint32>(packed.data());
    const quint64 bestRatio = 1032; // of deflate
    if (size > maxBytes || size > static_cast<quint64>(packed.size()) * bestRatio) {
        failDamaged("its size is out of range");
    }
    const QByteArray raw = qUncompress(reinterpret_cast<const uchar*>(packed.data()), packed.size());
    ByteReader reader(raw);
    const quint16 version = reader.left() == size ? reader.get<quint16>() : quint16(0);
    if (version < withoutCandidates || version > formatVersion) {
        failDamaged("its version is unknown");
    }
    const auto wide = reader.get<quint8>();
    reader.get<quint8>();
    const auto count = reader.get<quint32>();
    Shape shape;
    shape.moe_layers = reader.get<quint32>();
    shape.expert_count = reader.get<quint32>();
    shape.expert_used_count = reader.get<quint32>();
    if ((shape != Shape{} && !shape.sane()) || wide != quint8(shape.wide()) || count > reader.left() / tokenHead) {
        failDamaged("its numbers are out of range");
    }
    std::vector<std::shared_ptr<trace::TokenTrace>> tokens;
    std::vector<quint8> flags;
    tokens.reserve(count);
    flags.reserve(count);
    for (quint32 i = 0; i < count; ++i) {
        auto token = std::make_shared<trace::TokenTrace>();
        token->token = reader.get<qint32>();
        token->position = reader.get<quint32>();
        flags.push_back(reader.get<quint8>());
        token->generated = (flags.back() & Generated) != 0;
        token->probability = std::bit_cast<float>(reader.get<quint32>());
        const QByteArrayView text = reader.take(reader.get<quint32>());
        token->text.assign(text.data(), static_cast<size_t>(text.size()));
        if (version != withoutCandidates && (flags.back() & HasCandidates) != 0) {
            reader.candidates(token->candidates);
        }
        if ((flags.back() & HasRouter) != 0 && shape == Shape{}) {
            failDamaged("it has a router without layers");
        }
        if (version <= withoutChoicesOnly) {
            flags.back() &= static_cast<quint8>(~ChoicesOnly);
        } else if ((flags.back() & ChoicesOnly) != 0 &&
                   (flags.back() & (Generated | HasRouter | HasProbs)) != HasRouter) {
            failDamaged("it has flags that exclude each other");
        }
        tokens.push_back(std::move(token));
    }
    std::vector<trace::RouterTrace*> choosing;
    const bool runnerUpCounts = shape.expert_count != shape.expert_used_count;
    for (quint32 i = 0; i < count; ++i) {
        if ((flags[i] & HasRouter) == 0) {
            continue;
        }
        trace::RouterTrace& router = tokens[i]->router;
        router.moe_layers = shape.moe_layers;
        router.expert_count = shape.expert_count;
        router.expert_used_count = shape.expert_used_count;
        if ((flags[i] & ChoicesOnly) != 0) {
            choosing.push_back(&router);
            continue;
        }
        reader.ids(router.experts, shape.chosen(), shape, true);
        reader.halves(router.weights, shape.chosen());
        reader.halves(router.chosen_probs, shape.chosen());
        reader.ids(router.runner_up, shape.moe_layers, shape, runnerUpCounts);
        reader.halves(router.runner_up_prob, shape.moe_layers);
        if ((flags[i] & HasProbs) != 0) {
            reader.halves(router.probs, shape.all());
        }
    }
    if (!choosing.empty()) {
        readChoices(reader.take(reader.get<quint32>()), shape, choosing);
    }
    if (reader.left() != 0) {
        failDamaged("it has more bytes than it says");
    }
    return TokenTraces(tokens.begin(), tokens.end());
}

} // namespace moescope::store
