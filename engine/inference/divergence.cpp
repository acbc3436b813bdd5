// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/divergence.h"

#include "engine/trace/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace moescope::inference {
namespace {

/** ln Σ exp(logit): what makes probabilities of logits; NaN or infinite where they are none. */
double logSumExp(std::span<const float> logits) {
    const auto most = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
    double sum = 0;
    for (const float logit : logits) {
        sum += std::exp(static_cast<double>(logit) - most);
    }
    return most + std::log(sum);
}

trace::TokenDivergence compare(std::span<const float> base, std::span<const float> what_if, int32_t token) {
    const double baseSum = logSumExp(base);
    const double whatIfSum = logSumExp(what_if);
    if (!std::isfinite(baseSum) || !std::isfinite(whatIfSum)) {
        throw trace::Error(
            "divergence.nan",
            "The model computed a logit that is NaN or infinite, so what it predicts cannot be compared.");
    }
    double nats = 0;
    for (size_t id = 0; id < base.size(); ++id) {
        const double p = static_cast<double>(base[id]) - baseSum;
        nats += std::exp(p) * (p - (static_cast<double>(what_if[id]) - whatIfSum));
    }
    const auto at = static_cast<size_t>(token);
    return {.kl_bits = std::max(nats, 0.0) / std::log(2.0), // rounding may fall below 0 where both are the same
            .base_probability = std::exp(static_cast<double>(base[at]) - baseSum),
            .what_if_probability = std::exp(static_cast<double>(what_if[at]) - whatIfSum)};
}

/** Throws unless all ids are below `count`. */
void checkTokens(std::span<const int32_t> tokens, uint32_t count) {
    for (const int32_t token : tokens) {
        if (token < 0 || static_cast<uint32_t>(token) >= count) {
            throw trace::Error("tokens.range", "Token {token} does not exist; this model's go from 0 to {last}.",
                               {{"token", std::to_string(token)}, {"last", std::to_string(count - 1)}});
        }
    }
}

/** All that can be known before anything is read. */
void check(const Engine& engine, const DivergenceRequest& request) {
    if (request.prompt.empty() || request.answer.empty()) {
        throw trace::Error("divergence.empty",
                           "Predictions can be compared only where there is at least one token of a prompt and one of "
                           "an answer.");
    }
    checkTokens(request.prompt, engine.config().vocab_size);
    checkTokens(request.answer, engine.config().token_count);                // a row of padding has no probability
    const uint64_t read = request.prompt.size() + request.answer.size() - 1; // the last predicts nothing
    if (read > engine.memory().context) {
        throw trace::Error("divergence.too_long",
                           "{tokens} tokens must be read to compare the predictions and the context holds {context}.",
                           {{"tokens", trace::grouped(read)}, {"context", trace::grouped(engine.memory().context)}});
    }
    trace::checkIntervention(request.base, engine.model());
    trace::checkIntervention(request.what_if, engine.model());
}

/** Forgets the KV cache, however the comparison ends. */
class Forgetting {
public:
    explicit Forgetting(Engine& engine) : m_engine(engine) { m_engine.reset(); }
    ~Forgetting() { m_engine.reset(); }
    Forgetting(const Forgetting&) = delete;
    Forgetting& operator=(const Forgetting&) = delete;

private:
    Engine& m_engine;
};

class Comparison {
public:
    Comparison(Engine& engine, const DivergenceRequest& request)
        : m_engine(engine), m_request(request), m_vocabulary(engine.config().vocab_size),
          m_ids(engine.config().token_count), m_tokens(request.prompt), m_first(request.prompt.size() - 1) {
        m_tokens.insert(m_tokens.end(), request.answer.begin(), request.answer.end());
        m_rows = std::clamp<uint64_t>(request.held_bytes / (uint64_t{m_ids} * sizeof(float)), 1, request.answer.size());
        for (uint64_t piece = 0, done = 0; done < request.answer.size(); ++piece, done += m_rows) {
            // Of a further piece, the side that came last goes on and the other begins anew.
            const uint64_t rows = std::min<uint64_t>(m_rows, request.answer.size() - done);
            m_total += rows + m_first + done + rows + (piece == 0 ? m_first : 0);
        }
    }

    std::vector<trace::TokenDivergence> run() {
        m_held.reserve(m_rows * m_ids);
        std::array<bool, 2> sides{false, true}; // is it the what-if?
        for (uint64_t begin = 0; begin < m_request.answer.size(); begin += m_rows) {
            const uint64_t end = std::min<uint64_t>(begin + m_rows, m_request.answer.size());
            m_held.clear();
            read(sides[0], begin, end,
                 [&](uint64_t, std::span<const float> row) { m_held.insert(m_held.end(), row.begin(), row.end()); });
            read(sides[1], begin, end, [&](uint64_t index, std::span<const float> row) {
                const std::span<const float> held = std::span(m_held).subspan((index - begin) * m_ids, m_ids);
                m_result.push_back(compare(sides[1] ? held : row, sides[1] ? row : held, m_request.answer[index]));
            });
            std::swap(sides[0], sides[1]); // the KV cache is the second's: it reads on
        }
        return std::move(m_result);
    }

private:
    /** The logits of the answer's tokens [begin, end), each from the token before. */
    template <typename Row>
    void read(bool what_if, uint64_t begin, uint64_t end, Row row) {
        EvaluateOptions options;
        options.intervention = what_if ? m_request.what_if : m_request.base;
        options.cancel = m_request.cancel;
        if (m_cached != what_if) { // the engine would not know where both are equal
            m_engine.reset();
        }
        m_cached = what_if;
        const std::span<const int32_t> tokens(m_tokens);
        const uint64_t from = m_engine.position();
        if (const auto before = tokens.subspan(from, m_first + begin - from); !before.empty()) {
            options.logits = LogitRows::None;
            m_engine.evaluate(before, options, [&](const EvaluateBatch& batch) { report(batch.count); });
        }
        options.logits = LogitRows::All;
        m_engine.evaluate(tokens.subspan(m_first + begin, end - begin), options, [&](const EvaluateBatch& batch) {
            for (uint32_t i = 0; i < batch.count; ++i) {
                row(begin + batch.first + i, batch.logits.subspan(size_t{i} * m_vocabulary, m_ids));
            }
            report(batch.count);
        });
    }

    void report(uint32_t tokens) {
        m_done += tokens;
        if (m_request.progress) {
            m_request.progress(m_done, m_total);
        }
    }

    Engine& m_engine;
    const DivergenceRequest& m_request;
    uint32_t m_vocabulary;         ///< floats of a row of logits
    uint32_t m_ids;                ///< of them, those that are no padding
    std::vector<int32_t> m_tokens; ///< prompt and answer
    uint64_t m_first;              ///< whose logits predict the answer's first token
    uint64_t m_rows = 0;           ///< of a piece
    std::optional<bool> m_cached;  ///< whose KV cache it is: is it the what-if's?
    std::vector<float> m_held;     ///< [rows of the piece][m_ids], of the side that was read first
    std::vector<trace::TokenDivergence> m_result;
    uint64_t m_done = 0;
    uint64_t m_total = 0;
};

} // namespace

std::vector<trace::TokenDivergence> divergence(Engine& engine, const DivergenceRequest& request) {
    check(engine, request);
    const Forgetting forgetting(engine);
    return Comparison(engine, request).run();
}

} // namespace moescope::inference
