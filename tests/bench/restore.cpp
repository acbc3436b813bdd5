// SPDX-License-Identifier: Apache-2.0
// What it takes to get a saved KV cache back, in one JSON object on stdout:
//   bench_restore write MODEL TOKENS FILE     fills the cache of MODEL with synthetic numbers and saves it
//   bench_restore restore MODEL TOKENS FILE   from the loaded model to the end of the first pass behind what was restored
//   bench_restore raw MODEL TOKENS FILE       reads a file in pieces, with the model loaded: what a restore is held against
//   bench_restore model FILE                  writes a model of random weights with 1 MiB of KV cache a token in F32
#include "app/platform/paths.h"
#include "engine/inference/kv_session.h"
#include "engine/inference/synthetic_kv.h"
#include "engine/model/synth_file.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string_view>

using namespace moescope;

namespace {

constexpr model::SynthShape wideShape{.name = "wide", .title = "a wide KV cache", .config = R"({
    "architectures": ["HunYuanMoEV1ForCausalLM"], "model_type": "hunyuan_v1_moe",
    "num_hidden_layers": 16, "hidden_size": 64, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5,
    "num_attention_heads": 32, "num_key_value_heads": 32, "head_dim": 256, "use_qk_norm": true, "use_cla": false,
    "rope_theta": 10000.0, "rope_scaling": {"type": "dynamic", "alpha": 1000.0, "factor": 1.0},
    "num_experts": 2, "moe_topk": 1, "num_shared_expert": 1, "use_mixed_mlp_moe": true,
    "intermediate_size": 64, "moe_intermediate_size": 64, "vocab_size": 1024, "tie_word_embeddings": true})"};

constexpr uint32_t tokensAtATime = 256;
constexpr size_t pieceBytes = 8 << 20; // of a file that is read raw

/** The next token is one more. */
std::vector<int32_t> promptOf(uint32_t tokens) {
    std::vector<int32_t> prompt(tokens + 1);
    for (uint32_t i = 0; i <= tokens; ++i) {
        prompt[i] = static_cast<int32_t>(100 + i % 300);
    }
    return prompt;
}

std::unique_ptr<inference::Engine> load(const std::string& model, uint32_t tokens) {
    inference::LoadOptions options;
    options.kv = model == "builtin" ? inference::KvType::F16 : inference::KvType::F32;
    options.context = tokens + 1;
    options.sessions = true;
    return inference::Engine::load(platform::resolveModel(model), options);
}

void write(const std::string& model, uint32_t tokens, const std::string& file) {
    const auto engine = load(model, tokens);
    const std::vector<int32_t> prompt = promptOf(tokens);
    const inference::KvType kv = inference::parseKvType(engine->memory().kv_type);
    while (engine->position() < tokens) {
        const uint32_t count = std::min(tokens - engine->position(), tokensAtATime);
        const auto rows = inference::syntheticKvRows(engine->config(), kv, count, engine->position());
        engine->appendKv(std::span(prompt).subspan(engine->position(), count), rows, count);
    }
    const uint64_t bytes = inference::saveSession(*engine, file);
    std::printf("{\"bytes\": %llu, \"bytes_per_token\": %u}\n", static_cast<unsigned long long>(bytes),
                engine->kvKey().bytes_per_token);
}

/** In the state of memory that a restore begins in: what a process reads into first costs a virtual machine most. */
int readRaw(const std::string& model, uint32_t tokens, const std::string& file) {
    const auto engine = load(model, tokens);
    std::vector<char> piece(pieceBytes);
    uint64_t bytes = 0;
    const auto start = std::chrono::steady_clock::now();
    std::ifstream in;
    in.rdbuf()->pubsetbuf(nullptr, 0);
    in.open(platform::fromUtf8(file), std::ios::binary);
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
        bytes += static_cast<uint64_t>(in.gcount());
    }
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    std::printf("{\"bytes\": %llu, \"read_ms\": %.3f}\n", static_cast<unsigned long long>(bytes), ms);
    return bytes > 0 ? 0 : 1;
}

int restore(const std::string& model, uint32_t tokens, const std::string& file) {
    const auto engine = load(model, tokens);
    inference::GenerationRequest request;
    request.prompt = promptOf(tokens);
    request.max_tokens = 1;
    using Clock = std::chrono::steady_clock;
    const auto msSince = [](Clock::time_point start) {
        return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    };
    const std::clock_t cpu = std::clock();
    const Clock::time_point start = Clock::now();
    const inference::Restored restored = inference::restoreSession(*engine, file, request.prompt);
    const double restoredMs = msSince(start);
    const double cpuMs = 1e3 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC; // of all threads
    const inference::GenerationResult result = engine->generate(request);
    std::printf("{\"restored_tokens\": %u, \"restore_ms\": %.3f, \"restore_cpu_ms\": %.3f, \"first_token_ms\": %.3f, "
                "\"bytes\": %llu}\n",
                restored.tokens, restoredMs, cpuMs, msSince(start) - result.timings.decode_ms,
                static_cast<unsigned long long>(uint64_t{tokens} * engine->kvKey().bytes_per_token));
    if (restored.tokens != tokens || result.timings.prefill_tokens != 1) {
        std::fprintf(stderr, "%u of %u tokens were restored. %s\n", restored.tokens, tokens,
                     restored.reason ? restored.reason->what() : "");
        return 1;
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        const std::string_view what = argc > 2 ? argv[1] : "";
        if (what == "model") {
            const model::SynthResult made = model::synthFile(platform::fromUtf8(argv[2]), wideShape,
                                                             {.type = gguf::TensorType::Q8_0, .progress = {}});
            std::printf("{\"bytes\": %llu}\n", static_cast<unsigned long long>(made.bytes));
            return 0;
        }
        if (argc == 5 && (what == "write" || what == "restore" || what == "raw")) {
            const auto tokens = static_cast<uint32_t>(std::atoi(argv[3]));
            if (what != "write") {
                return (what == "raw" ? readRaw : restore)(argv[2], tokens, argv[4]);
            }
            write(argv[2], tokens, argv[4]);
            return 0;
        }
        std::fputs(
            "bench_restore model FILE | write MODEL TOKENS FILE | restore MODEL TOKENS FILE | raw MODEL TOKENS FILE\n",
            stderr);
        return 2;
    } catch (const trace::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    }
}
