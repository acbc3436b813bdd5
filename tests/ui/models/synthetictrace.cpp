// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace moescope::test {

namespace {

const std::vector<const char*> story = {
    "Once",   " upon",   " a",     " time",     ",",      " a",       " small",  " fox",     " lived", " beside",
    " a",     " wide",   " river", ".",         " Every", " morning", " she",    " watched", " the",   " boats",
    " go",    " by",     " and",   " wondered", " where", " they",    " went",   ".",        "\n\n",   "One",
    " day",   " an",     " old",   " boat",     " came",  " to",      " rest",   " in",      " the",   " re",
    "eds",    ".",       " It",    " had",      " a",     " blue",    " str",    "ipe",      " and",   " no",
    " one",   " inside", ".",      " The",      " fox",   " put",     " one",    " paw",     " on",    " the",
    " wood",  ".",       " The",   " boat",     " moved", " a",       " little", ",",        " as",    " if",
    " it",    " said",   " hello", ".",         " She",   " jumped",  " in",     ",",        " and",   " the",
    " river", " carr",   "ied",    " them",     " both",  " past",    " the",    " mill",    " and",   " the",
    " tall",  " trees",  ".",      "\n\n"};

int32_t idOf(size_t word) { return int32_t(100 + std::hash<std::string>()(story[word]) % 7900); }

/** Eight candidates that halve from one to the next and leave something, the first with a probability of up to 0.48.
 *  Every fifth word is the third likeliest; the last three are removed by the samplers. */
void addCandidates(trace::TokenTrace& token, size_t word, double uniform) {
    constexpr size_t count = 8;
    const size_t rank = word % 5 == 4 ? 2 : 0;
    std::vector<size_t> others;
    for (size_t step = 1; others.size() < count - 1; ++step) {
        const size_t other = (word + step) % story.size();
        const bool known = std::any_of(others.begin(), others.end(), [&](size_t o) { return idOf(o) == idOf(other); });
        if (!known && idOf(other) != token.token) {
            others.push_back(other);
        }
    }
    others.insert(others.begin() + ptrdiff_t(rank), word);
    const double first = 0.08 + 0.4 * uniform;
    const double kept = first * (1 - std::pow(0.5, 5)) * 2; // of the first five
    for (size_t at = 0; at < count; ++at) {
        const double raw = first * std::pow(0.5, double(at));
        token.candidates.push_back({idOf(others[at]), story[others[at]], float(raw), float(at < 5 ? raw / kept : 0.0)});
    }
    token.probability = token.candidates[rank].probability;
}

} // namespace

ui::TraceShape syntheticShape(int layers, int experts, int used, int shared, const QString& model) {
    ui::TraceShape shape;
    shape.model = model;
    shape.layers = layers;
    shape.experts = experts;
    shape.used = used;
    shape.shared = shared;
    return shape;
}

QList<trace::TokenTracePtr> syntheticAnswer(const ui::TraceShape& shape, int count, bool probabilities, quint32 seed) {
    QList<trace::TokenTracePtr> answer;
    const auto layers = size_t(shape.layers);
    const auto experts = size_t(shape.experts);
    const auto used = size_t(shape.used);
    // Some experts of a layer are liked more by every token, so that shares leave chance; the middle layers less so.
    std::mt19937 fixed(7);
    const auto uniform = [](std::mt19937& from) { return double(from()) / 4294967296.0; };
    std::vector<double> liking(layers * experts);
    for (size_t cell = 0; cell < liking.size(); ++cell) {
        const double middle = std::abs(double(cell / experts) / double(layers) - 0.5) * 2;
        liking[cell] = (uniform(fixed) - 0.5) * (1.2 + 4.0 * middle);
    }
    std::mt19937 random(seed);
    std::mt19937 words(seed + 100);
    for (int at = 0; at < count; ++at) {
        auto token = std::make_shared<trace::TokenTrace>();
        const size_t word = size_t(at) % story.size();
        token->text = story[word];
        token->token = idOf(word);
        token->position = uint32_t(465 + at);
        token->generated = true;
        addCandidates(*token, word, uniform(words));
        trace::RouterTrace& router = token->router;
        router.moe_layers = uint32_t(layers);
        router.expert_count = uint32_t(experts);
        router.expert_used_count = uint32_t(used);
        for (size_t layer = 0; layer < layers; ++layer) {
            std::vector<double> probs(experts);
            double sum = 0;
            for (size_t expert = 0; expert < experts; ++expert) {
                const double noise = -std::log(-std::log(std::max(1e-9, uniform(random))));
                probs[expert] = std::exp(liking[layer * experts + expert] + 1.1 * noise);
                sum += probs[expert];
            }
            std::vector<uint16_t> order(experts);
            std::iota(order.begin(), order.end(), uint16_t(0));
            std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return probs[a] > probs[b]; });
            for (size_t k = 0; k < used; ++k) {
                router.experts.push_back(order[k]);
                router.weights.push_back(float(probs[order[k]] / sum));
                router.chosen_probs.push_back(float(probs[order[k]] / sum));
            }
            const bool rivals = used < experts;
            router.runner_up.push_back(rivals ? order[used] : uint16_t(0));
            router.runner_up_prob.push_back(rivals ? float(probs[order[used]] / sum) : 0);
            if (probabilities) {
                for (const double p : probs) {
                    router.probs.push_back(float(p / sum));
                }
            }
        }
        answer.append(token);
    }
    return answer;
}

trace::TokenTracePtr plainToken(const ui::TraceShape& shape, const std::string& text,
                                const std::vector<uint16_t>& experts, const std::vector<float>& weights) {
    auto token = std::make_shared<trace::TokenTrace>();
    token->text = text;
    token->generated = true;
    trace::RouterTrace& router = token->router;
    router.moe_layers = uint32_t(shape.layers);
    router.expert_count = uint32_t(shape.experts);
    router.expert_used_count = uint32_t(shape.used);
    router.experts = experts;
    router.weights = weights;
    router.chosen_probs = weights;
    for (int layer = 0; layer < shape.layers; ++layer) {
        router.runner_up.push_back(uint16_t((experts[size_t(layer) * size_t(shape.used)] + 1) % shape.experts));
        router.runner_up_prob.push_back(0.125F);
    }
    return token;
}

trace::ModelInfo syntheticModel(int layers, int experts, int claShare) {
    trace::ModelInfo model;
    model.name = "Nano";
    model.block_count = uint32_t(layers);
    model.head_count = 8;
    model.head_count_kv = 2;
    model.head_dim = 32;
    model.expert_count = uint32_t(experts);
    model.expert_used_count = experts > 0 ? 1 : 0;
    model.expert_shared_count = 1;
    model.cla_share_factor = uint32_t(claShare);
    model.context_length = 2048;
    return model;
}

} // namespace moescope::test
