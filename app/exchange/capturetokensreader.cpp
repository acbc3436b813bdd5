// SPDX-License-Identifier: Apache-2.0
// The part of capturetokens.h that reads.
#include "app/exchange/capturetokens.h"

#include "app/exchange/npy.h"
#include "app/exchange/tokenmembers.h"

#include <QFloat16>

#include <algorithm>
#include <cstring>

namespace moescope::exchange {
namespace {

constexpr float mostWeight = 65504; // of a half

/** Takes arrays of the sizes that capture.json names, and no others. */
class Arrays {
public:
    Arrays(QHash<QString, QByteArray>& members, const Source& source) : m_members(members), m_source(source) {}

    bool has(const char* name) const { return m_members.contains(QLatin1String(name)); }
    QByteArray bytes(const char* name) {
        const auto found = m_members.constFind(QLatin1String(name));
        if (found == m_members.constEnd()) {
            throw trace::Error("exchange.missing", "“{file}” is damaged and was not opened: it has no part “{part}”.",
                               {{"file", m_source.name()}, {"part", name}});
        }
        return m_members.take(QLatin1String(name));
    }
    /** `use(array)` while its bytes are there. */
    template <typename Use>
    void take(const char* name, std::initializer_list<NpyType> types, const QList<qint64>& shape, Use use) {
        const QByteArray whole = bytes(name);
        const auto array = parseNpy(whole);
        if (!array || std::find(types.begin(), types.end(), array->type) == types.end()) {
            fail(name, "is no array of the type that belongs there");
        }
        if (array->shape != shape) {
            fail(name, "has other sizes than “capture.json” says");
        }
        use(*array);
    }
    [[noreturn]] void fail(const char* name, const std::string& what) const {
        m_source.damaged(std::string("its part “") + name + "” " + what);
    }

private:
    QHash<QString, QByteArray>& m_members;
    const Source& m_source;
};

/** Value `index` of an array whose bytes need not be aligned. */
template <typename T>
T valueAt(const NpyArray& array, qsizetype index) {
    T value;
    std::memcpy(&value, array.data.data() + index * qsizetype(sizeof(T)), sizeof(T));
    return value;
}

using Tokens = std::vector<std::shared_ptr<trace::TokenTrace>>;

class TokenReader {
public:
    TokenReader(QHash<QString, QByteArray>& members, const TokenCounts& counts, const Source& source)
        : m_arrays(members, source), m_counts(counts) {}

    store::TokenTraces read() {
        readFlags();
        readColumns();
        readTexts();
        readCandidates();
        if (m_counts.layers > 0) {
            readRouting();
        }
        return {m_tokens.begin(), m_tokens.end()};
    }

private:
    using Has = bool (TokenReader::*)(size_t) const;
    bool routed(size_t token) const { return (m_flags[token] & HasRouter) != 0; }
    bool hasRivals(size_t token) const { return (m_flags[token] & (HasRouter | ChoicesOnly)) == HasRouter; }
    bool hasProbs(size_t token) const { return (m_flags[token] & HasProbs) != 0; }

    template <typename T, typename Take>
    void column(const char* name, NpyType type, Take take) {
        m_arrays.take(name, {type}, {m_counts.tokens}, [&](const NpyArray& array) {
            for (size_t i = 0; i < m_tokens.size(); ++i) {
                take(i, valueAt<T>(array, static_cast<qsizetype>(i)));
            }
        });
    }

    /** Before there is room for as many tokens as the file says, it has to have a byte for each. */
    void readFlags() {
        m_arrays.take(flagsName, {NpyType::UInt8}, {m_counts.tokens},
                      [this](const NpyArray& array) { m_flags.assign(array.data.begin(), array.data.end()); });
        for (const quint8 flags : m_flags) {
            const bool known =
                flags < 2 * ChoicesOnly && ((flags & HasProbs) == 0 || (flags & HasRouter) != 0) &&
                ((flags & ChoicesOnly) == 0 || (flags & (Generated | HasRouter | HasProbs)) == HasRouter);
            if (!known || ((flags & HasRouter) != 0 && m_counts.layers == 0)) {
                m_arrays.fail(flagsName, "has a value that has no meaning");
            }
            m_tokens.push_back(std::make_shared<trace::TokenTrace>());
            m_tokens.back()->generated = (flags & Generated) != 0;
            m_whole = m_whole || (flags & HasProbs) != 0;
        }
    }

    void readColumns() {
        column<qint32>(idsName, NpyType::Int32, [this](size_t i, qint32 id) {
            if (id < 0) {
                m_arrays.fail(idsName, "has a negative id");
            }
            m_tokens[i]->token = id;
        });
        column<qint32>(positionsName, NpyType::Int32, [this](size_t i, qint32 position) {
            if (position < 0) {
                m_arrays.fail(positionsName, "has a negative position");
            }
            m_tokens[i]->position = static_cast<uint32_t>(position);
        });
        column<float>(probabilitiesName, NpyType::Float32, [this](size_t i, float probability) {
            if (!isProbability(probability)) {
                m_arrays.fail(probabilitiesName, "has a value outside 0 to 1");
            }
            m_tokens[i]->probability = probability;
        });
    }

    void readTexts() {
        const QByteArray texts = m_arrays.bytes(textsName);
        qint32 begin = 0;
        column<qint32>(textEndsName, NpyType::Int32, [&](size_t i, qint32 end) {
            if (end < begin || end > texts.size()) {
                m_arrays.fail(textEndsName, "names places that “token_texts.bin” does not have");
            }
            m_tokens[i]->text.assign(texts.constData() + begin, static_cast<size_t>(end - begin));
            begin = end;
        });
        if (begin != texts.size()) {
            m_arrays.fail(textsName, "is longer than its tokens");
        }
    }

    void readCandidates() {
        if (!m_arrays.has(candidateEndsName)) {
            return;
        }
        std::vector<trace::TokenCandidate> all;
        m_arrays.take(candidateEndsName, {NpyType::Int32}, {m_counts.tokens}, [&](const NpyArray& ends) {
            const qint32 count = m_counts.tokens > 0 ? valueAt<qint32>(ends, m_counts.tokens - 1) : 0;
            if (count < 0) {
                m_arrays.fail(candidateEndsName, "has a negative place");
            }
            fillCandidates(count, all);
            qint32 begin = 0;
            for (size_t i = 0; i < m_tokens.size(); ++i) {
                const auto end = valueAt<qint32>(ends, static_cast<qsizetype>(i));
                if (end < begin || end > count) {
                    m_arrays.fail(candidateEndsName, "names places that do not follow each other");
                }
                m_tokens[i]->candidates.assign(all.begin() + begin, all.begin() + end);
                begin = end;
            }
        });
    }

    /** All of them, in the order of their tokens. Each array has to be of this length before there is room for them. */
    void fillCandidates(qint32 count, std::vector<trace::TokenCandidate>& all) {
        m_arrays.take(candidateIdsName, {NpyType::Int32}, {count}, [&](const NpyArray& ids) {
            all.resize(static_cast<size_t>(count));
            for (qint32 i = 0; i < count; ++i) {
                all[static_cast<size_t>(i)].token = valueAt<qint32>(ids, i);
                if (all[static_cast<size_t>(i)].token < 0) {
                    m_arrays.fail(candidateIdsName, "has a negative id");
                }
            }
        });
        m_arrays.take(candidateProbsName, {NpyType::Float32}, {count, 2}, [&](const NpyArray& probabilities) {
            for (qint32 i = 0; i < count; ++i) {
                trace::TokenCandidate& candidate = all[static_cast<size_t>(i)];
                candidate.probability = valueAt<float>(probabilities, 2 * qsizetype{i});
                candidate.sampled = valueAt<float>(probabilities, 2 * qsizetype{i} + 1);
                if (!isProbability(candidate.probability) || !isProbability(candidate.sampled)) {
                    m_arrays.fail(candidateProbsName, "has a value outside 0 to 1");
                }
            }
        });
        const QByteArray texts = m_arrays.bytes(candidateTextsName);
        m_arrays.take(candidateTextEndsName, {NpyType::Int32}, {count}, [&](const NpyArray& ends) {
            qint32 begin = 0;
            for (qint32 i = 0; i < count; ++i) {
                const auto end = valueAt<qint32>(ends, i);
                if (end < begin || end > texts.size()) {
                    m_arrays.fail(candidateTextEndsName, "names places that “candidate_texts.bin” does not have");
                }
                all[static_cast<size_t>(i)].text.assign(texts.constData() + begin, static_cast<size_t>(end - begin));
                begin = end;
            }
        });
    }

    void readRouting() {
        const qint64 tokens = m_counts.tokens;
        const qint64 layers = m_counts.layers;
        const QList<qint64> choices{tokens, layers, m_counts.used};
        for (size_t i = 0; i < m_tokens.size(); ++i) {
            if (routed(i)) {
                m_tokens[i]->router.moe_layers = static_cast<uint32_t>(layers);
                m_tokens[i]->router.expert_count = static_cast<uint32_t>(m_counts.experts);
                m_tokens[i]->router.expert_used_count = static_cast<uint32_t>(m_counts.used);
            }
        }
        ids(expertsName, &trace::RouterTrace::experts, choices, &TokenReader::routed);
        floats(weightsName, &trace::RouterTrace::weights, choices, mostWeight, &TokenReader::routed);
        floats(chosenName, &trace::RouterTrace::chosen_probs, choices, 1, &TokenReader::hasRivals);
        if (m_counts.used < m_counts.experts) {
            ids(runnerUpName, &trace::RouterTrace::runner_up, {tokens, layers}, &TokenReader::hasRivals);
            floats(runnerUpProbName, &trace::RouterTrace::runner_up_prob, {tokens, layers}, 1, &TokenReader::hasRivals);
        } else {
            for (size_t i = 0; i < m_tokens.size(); ++i) {
                m_tokens[i]->router.runner_up.resize(hasRivals(i) ? size_t(layers) : 0);
                m_tokens[i]->router.runner_up_prob.resize(hasRivals(i) ? size_t(layers) : 0);
            }
        }
        if (m_whole) {
            floats(allProbsName, &trace::RouterTrace::probs, {tokens, layers, m_counts.experts}, 1,
                   &TokenReader::hasProbs);
        }
    }

    static qsizetype rowOf(const QList<qint64>& shape) {
        qsizetype row = 1;
        for (qsizetype i = 1; i < shape.size(); ++i) {
            row *= shape[i]; // an array of this shape was found, so that it is no more than its bytes
        }
        return row;
    }

    void ids(const char* name, Ids into, const QList<qint64>& shape, Has has) {
        m_arrays.take(name, {NpyType::Int32}, shape, [&](const NpyArray& array) {
            const qsizetype row = rowOf(shape);
            std::vector<qint32> values(static_cast<size_t>(row));
            const char* from = array.data.data();
            for (size_t i = 0; i < m_tokens.size(); ++i, from += row * 4) {
                std::memcpy(values.data(), from, static_cast<size_t>(row) * 4);
                const qint32 low = (this->*has)(i) ? 0 : -1;
                const qint32 high = (this->*has)(i) ? m_counts.experts - 1 : -1;
                const auto [least, most] = std::minmax_element(values.begin(), values.end());
                if (row > 0 && (*least < low || *most > high)) {
                    m_arrays.fail(name, "names an expert that does not exist");
                }
                if ((this->*has)(i)) {
                    (m_tokens[i]->router.*into).assign(values.begin(), values.end());
                }
            }
        });
    }

    void floats(const char* name, Floats into, const QList<qint64>& shape, float most, Has has) {
        m_arrays.take(name, {NpyType::Float16, NpyType::Float32}, shape, [&](const NpyArray& array) {
            const qsizetype row = rowOf(shape);
            const qsizetype rowBytes = row * bytesOf(array.type);
            const float limit = most == 1 ? 1 + slack : most;
            std::vector<qfloat16> halves(array.type == NpyType::Float16 ? static_cast<size_t>(row) : 0);
            std::vector<float> values(static_cast<size_t>(row));
            const char* from = array.data.data();
            for (size_t i = 0; i < m_tokens.size(); ++i, from += rowBytes) {
                if (!(this->*has)(i)) {
                    continue;
                }
                if (array.type == NpyType::Float16) {
                    std::memcpy(halves.data(), from, static_cast<size_t>(rowBytes));
                    qFloatFromFloat16(values.data(), halves.data(), row);
                } else {
                    std::memcpy(values.data(), from, static_cast<size_t>(rowBytes));
                }
                bool fits = true;
                for (const float value : values) {
                    fits = fits && value >= 0 && value <= limit; // which NaN is not
                }
                if (!fits) {
                    m_arrays.fail(name, most == 1 ? "has a value outside 0 to 1" : "has a value that is no weight");
                }
                m_tokens[i]->router.*into = values;
            }
        });
    }

    static constexpr float slack = 1e-3F; ///< sums of rounded numbers may pass 1
    static bool isProbability(float value) { return value >= 0 && value <= 1 + slack; }

    Arrays m_arrays;
    TokenCounts m_counts;
    Tokens m_tokens;
    std::vector<quint8> m_flags;
    bool m_whole = false; ///< some tokens have the probabilities of all experts
};

} // namespace

store::TokenTraces takeTokens(QHash<QString, QByteArray>& members, const TokenCounts& counts, const Source& source) {
    return TokenReader(members, counts, source).read();
}

} // namespace moescope::exchange
