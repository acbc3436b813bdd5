// SPDX-License-Identifier: Apache-2.0
#include "app/exchange/capturetokens.h"

#include "app/exchange/npy.h"
#include "app/exchange/tokenmembers.h"

#include <QFloat16>

#include <algorithm>
#include <cstring>

namespace moescope::exchange {
namespace {

quint8 flagsOf(const trace::TokenTrace& token) {
    const bool routed = !token.router.empty();
    const bool whole = routed && !token.router.probs.empty();
    const bool choices = routed && token.router.choicesOnly();
    return (token.generated ? Generated : 0) | (routed ? HasRouter : 0) | (whole ? HasProbs : 0) |
           (choices ? ChoicesOnly : 0);
}

/** A number of each token. */
template <typename T, typename Value>
void addColumn(ZipWriter& zip, const char* name, NpyType type, const store::TokenTraces& tokens, Value valueOf) {
    std::vector<T> values;
    values.reserve(tokens.size());
    for (const trace::TokenTracePtr& token : tokens) {
        values.push_back(valueOf(*token));
    }
    zip.add(QLatin1String(name), npyHead(type, {static_cast<qint64>(values.size())}),
            {reinterpret_cast<const char*>(values.data()), static_cast<qsizetype>(values.size() * sizeof(T))});
}

QByteArray idBytes(const store::TokenTraces& tokens, Ids ids, qsizetype row) {
    QByteArray bytes(static_cast<qsizetype>(tokens.size()) * row * 4, Qt::Uninitialized);
    auto* out = reinterpret_cast<qint32*>(bytes.data());
    for (const trace::TokenTracePtr& token : tokens) {
        const std::vector<uint16_t>& from = token->router.*ids;
        if (from.empty()) {
            std::fill_n(out, row, -1);
        } else {
            std::copy(from.begin(), from.end(), out);
        }
        out += row;
    }
    return bytes;
}

bool fitHalves(const store::TokenTraces& tokens, Floats floats) {
    const auto isHalf = [](float value) { return static_cast<float>(qfloat16(value)) == value; };
    return std::all_of(tokens.begin(), tokens.end(), [&](const trace::TokenTracePtr& token) {
        const std::vector<float>& values = token->router.*floats;
        return std::all_of(values.begin(), values.end(), isHalf);
    });
}

void addFloats(ZipWriter& zip, const char* name, const store::TokenTraces& tokens, Floats floats,
               const QList<qint64>& shape, qsizetype row) {
    const NpyType type = fitHalves(tokens, floats) ? NpyType::Float16 : NpyType::Float32;
    const qsizetype rowBytes = row * bytesOf(type);
    QByteArray bytes(static_cast<qsizetype>(tokens.size()) * rowBytes, 0);
    char* out = bytes.data();
    for (const trace::TokenTracePtr& token : tokens) {
        const std::vector<float>& from = token->router.*floats;
        if (from.empty()) {
            // zeros
        } else if (type == NpyType::Float16) {
            qFloatToFloat16(reinterpret_cast<qfloat16*>(out), from.data(), row);
        } else {
            std::memcpy(out, from.data(), static_cast<size_t>(rowBytes));
        }
        out += rowBytes;
    }
    zip.add(QLatin1String(name), npyHead(type, shape), bytes, ZipWriter::Pack::Store);
}

template <typename T>
void addArray(ZipWriter& zip, const char* name, NpyType type, const QList<qint64>& shape,
              const std::vector<T>& values) {
    zip.add(QLatin1String(name), npyHead(type, shape),
            {reinterpret_cast<const char*>(values.data()), static_cast<qsizetype>(values.size() * sizeof(T))});
}

void addCandidates(ZipWriter& zip, const store::TokenTraces& tokens) {
    std::vector<qint32> ends;
    std::vector<qint32> ids;
    std::vector<float> probabilities;
    std::vector<qint32> textEnds;
    QByteArray texts;
    for (const trace::TokenTracePtr& token : tokens) {
        for (const trace::TokenCandidate& candidate : token->candidates) {
            ids.push_back(candidate.token);
            probabilities.push_back(candidate.probability);
            probabilities.push_back(candidate.sampled);
            texts.append(candidate.text.data(), static_cast<qsizetype>(candidate.text.size()));
            textEnds.push_back(static_cast<qint32>(texts.size()));
        }
        ends.push_back(static_cast<qint32>(ids.size()));
    }
    if (ids.empty()) {
        return;
    }
    const auto count = static_cast<qint64>(ids.size());
    addArray(zip, candidateEndsName, NpyType::Int32, {static_cast<qint64>(ends.size())}, ends);
    addArray(zip, candidateIdsName, NpyType::Int32, {count}, ids);
    addArray(zip, candidateProbsName, NpyType::Float32, {count, 2}, probabilities);
    addArray(zip, candidateTextEndsName, NpyType::Int32, {count}, textEnds);
    zip.add(QLatin1String(candidateTextsName), texts);
}

void requireSizes(const trace::RouterTrace& router) {
    const size_t chosen = size_t{router.moe_layers} * router.expert_used_count;
    const auto inRange = [&router](uint16_t id) { return id < router.expert_count; };
    const bool rivals = router.expert_used_count < router.expert_count;
    const bool choices = router.choicesOnly() && router.runner_up.empty() && router.runner_up_prob.empty();
    const bool whole = router.chosen_probs.size() == chosen && router.runner_up.size() == router.moe_layers &&
                       router.runner_up_prob.size() == router.moe_layers;
    if (router.experts.size() != chosen || router.weights.size() != chosen || !(choices || whole) ||
        (!router.probs.empty() && router.probs.size() != size_t{router.moe_layers} * router.expert_count) ||
        !std::all_of(router.experts.begin(), router.experts.end(), inRange) ||
        (rivals && !std::all_of(router.runner_up.begin(), router.runner_up.end(), inRange))) {
        throw std::logic_error("a router trace has other sizes than its shape");
    }
}

} // namespace

TokenCounts countsOf(const store::TokenTraces& tokens) {
    TokenCounts counts;
    counts.tokens = static_cast<int>(tokens.size());
    for (const trace::TokenTracePtr& token : tokens) {
        const trace::RouterTrace& router = token->router;
        if (router.empty()) {
            continue;
        }
        requireSizes(router);
        const TokenCounts own{counts.tokens, static_cast<int>(router.moe_layers), static_cast<int>(router.expert_count),
                              static_cast<int>(router.expert_used_count)};
        if (counts.layers > 0 &&
            (own.layers != counts.layers || own.experts != counts.experts || own.used != counts.used)) {
            throw trace::Error(
                "exchange.shapes",
                "This answer was written by models of different sizes: by {first} layers of {first_experts} "
                "experts and by {second} of {second_experts}. One capture cannot hold both.",
                {{"first", std::to_string(counts.layers)},
                 {"first_experts", std::to_string(counts.experts)},
                 {"second", std::to_string(own.layers)},
                 {"second_experts", std::to_string(own.experts)}});
        }
        counts = own;
    }
    return counts;
}

void addTokens(ZipWriter& zip, const store::TokenTraces& tokens, const TokenCounts& counts) {
    addColumn<qint32>(zip, idsName, NpyType::Int32, tokens, [](const auto& token) { return token.token; });
    addColumn<qint32>(zip, positionsName, NpyType::Int32, tokens,
                      [](const auto& token) { return static_cast<qint32>(token.position); });
    addColumn<quint8>(zip, flagsName, NpyType::UInt8, tokens, flagsOf);
    addColumn<float>(zip, probabilitiesName, NpyType::Float32, tokens,
                     [](const auto& token) { return token.probability; });
    QByteArray texts;
    addColumn<qint32>(zip, textEndsName, NpyType::Int32, tokens, [&texts](const auto& token) {
        texts.append(token.text.data(), static_cast<qsizetype>(token.text.size()));
        return static_cast<qint32>(texts.size());
    });
    zip.add(QLatin1String(textsName), texts);
    addCandidates(zip, tokens);
    if (counts.layers == 0) {
        return;
    }
    const QList<qint64> choices{counts.tokens, counts.layers, counts.used};
    const QList<qint64> layers{counts.tokens, counts.layers};
    const qsizetype row = qsizetype{counts.layers} * counts.used;
    zip.add(QLatin1String(expertsName), npyHead(NpyType::Int32, choices),
            idBytes(tokens, &trace::RouterTrace::experts, row));
    addFloats(zip, weightsName, tokens, &trace::RouterTrace::weights, choices, row);
    addFloats(zip, chosenName, tokens, &trace::RouterTrace::chosen_probs, choices, row);
    if (counts.used < counts.experts) {
        zip.add(QLatin1String(runnerUpName), npyHead(NpyType::Int32, layers),
                idBytes(tokens, &trace::RouterTrace::runner_up, counts.layers));
        addFloats(zip, runnerUpProbName, tokens, &trace::RouterTrace::runner_up_prob, layers, counts.layers);
    }
    const bool whole = std::any_of(tokens.begin(), tokens.end(),
                                   [](const trace::TokenTracePtr& token) { return (flagsOf(*token) & HasProbs) != 0; });
    if (whole) {
        addFloats(zip, allProbsName, tokens, &trace::RouterTrace::probs, {counts.tokens, counts.layers, counts.experts},
                  qsizetype{counts.layers} * counts.experts);
    }
}

QStringList tokenMembers() {
    QStringList names;
    for (const char* const name :
         {idsName, positionsName, flagsName, probabilitiesName, textEndsName, textsName, candidateEndsName,
          candidateIdsName, candidateProbsName, candidateTextEndsName, candidateTextsName, expertsName, weightsName,
          chosenName, runnerUpName, runnerUpProbName, allProbsName}) {
        names.append(QLatin1String(name));
    }
    return names;
}

QByteArray routedExperts(const store::TokenTraces& tokens, const TokenCounts& counts) {
    return npyHead(NpyType::Int32, {counts.tokens, counts.layers, counts.used}) +
           idBytes(tokens, &trace::RouterTrace::experts, qsizetype{counts.layers} * counts.used);
}

} // namespace moescope::exchange
