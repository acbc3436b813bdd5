// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/input.h"
#include "app/cli/intervention.h"
#include "app/cli/loading.h"
#include "app/cli/npy.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/sha256.h"
#include "app/cli/written.h"
#include "app/platform/paths.h"
#include "app/platform/signals.h"
#include "engine/gguf/reader.h"
#include "engine/trace/error.h"

#include <memory>

namespace moescope::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
    OutputOptions output;
    std::string model = "builtin";
    std::string device;
    std::string kv = "f16";
    std::vector<std::string> variants;
    std::string tokens;
    std::string folder;
    std::string logits; ///< empty, "all" or "last"
    bool probs = false;
    bool hidden = false;
    trace::Intervention intervention;
};

/** The files of one pass. All are written beside their targets and appear together at commit(). */
class TraceFiles {
public:
    TraceFiles(const fs::path& folder, const Options& options, const inference::Engine& engine, uint64_t tokens)
        : m_folder(folder), m_tokens(tokens), m_layers(engine.model().block_count + uint64_t{1}),
          m_width(engine.model().embedding_length) {
        const trace::ModelInfo& model = engine.model();
        const uint64_t moe = model.moeLayers();
        const uint32_t asked = options.intervention.experts_used;
        const uint64_t used = moe == 0 ? 0 : asked != 0 ? asked : model.expert_used_count;
        m_experts = open("routed_experts.npy", NpyFile::Type::Int32, {tokens, moe, used});
        m_weights = open("router_weights.npy", NpyFile::Type::Float32, {tokens, moe, used});
        if (options.probs) {
            m_probs =
                open("router_probs.npy", NpyFile::Type::Float32, {tokens, moe, moe == 0 ? 0 : model.expert_count});
        }
        if (!options.logits.empty()) {
            m_logits =
                open("logits.npy", NpyFile::Type::Float32, {options.logits == "all" ? tokens : 1, model.vocab_size});
        }
        if (options.hidden) {
            m_hidden = open("hidden.npy", NpyFile::Type::Float32, {m_layers, tokens, m_width});
            m_states.resize(m_layers * tokens * m_width);
        }
    }

    void append(const inference::EvaluateBatch& batch) {
        for (const trace::RouterTrace& token : batch.router) {
            m_ids.assign(token.experts.begin(), token.experts.end());
            m_experts->append(m_ids);
            m_weights->append(token.weights);
            if (m_probs) {
                m_probs->append(token.probs);
            }
        }
        if (m_logits && !batch.logits.empty()) {
            m_logits->append(batch.logits);
        }
        // Batches hold some tokens of all layers, the file all tokens of one layer after the other.
        for (uint64_t layer = 0; m_hidden && layer < m_layers; ++layer) {
            const auto rows = batch.hidden.subspan(layer * batch.count * m_width, batch.count * m_width);
            std::copy(rows.begin(), rows.end(),
                      m_states.begin() + static_cast<ptrdiff_t>((layer * m_tokens + batch.first) * m_width));
        }
    }

    /** meta.json comes last: where it is, the rest is whole. Files of an earlier trace that were not asked for go. */
    void commit(const Json& meta) {
        if (m_hidden) {
            m_hidden->append(m_states);
        }
        gguf::AtomicFile meta_file(m_folder / "meta.json");
        const std::string text = meta.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
        meta_file.write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
        for (const auto& file : {m_experts.get(), m_weights.get(), m_probs.get(), m_logits.get(), m_hidden.get()}) {
            if (file != nullptr) {
                file->commit();
            }
        }
        std::error_code absent;
        for (const auto& [file, name] : {std::pair{m_probs.get(), "router_probs.npy"},
                                         {m_logits.get(), "logits.npy"},
                                         {m_hidden.get(), "hidden.npy"}}) {
            if (file == nullptr) {
                fs::remove(m_folder / name, absent);
            }
        }
        meta_file.commit();
    }

private:
    std::unique_ptr<NpyFile> open(const char* name, NpyFile::Type type, const std::vector<uint64_t>& shape) {
        return std::make_unique<NpyFile>(m_folder / name, type, shape);
    }

    fs::path m_folder;
    uint64_t m_tokens, m_layers, m_width;
    std::unique_ptr<NpyFile> m_experts, m_weights, m_probs, m_logits, m_hidden;
    std::vector<int32_t> m_ids;
    std::vector<float> m_states; ///< [layers + 1][tokens][embedding]
};

/** Over the bytes of the file, or of all files of a model in several, in order. */
std::string modelSha256(const fs::path& path) {
    std::vector<uint8_t> buffer(1 << 20);
    Sha256 sum;
    for (const fs::path& part : gguf::Reader(path).files()) {
        const gguf::MappedFile file(part);
        for (uint64_t at = 0; at < file.size(); at += buffer.size()) {
            const std::span<uint8_t> piece(buffer.data(), std::min<uint64_t>(buffer.size(), file.size() - at));
            file.read(at, piece);
            sum.add(piece);
            throwIfInterrupted();
        }
    }
    return sum.hex();
}

Json toJson(const trace::Intervention& intervention) {
    if (intervention.empty()) {
        return nullptr;
    }
    const auto listed = [](const std::vector<trace::ExpertPlace>& places) {
        Json list = Json::array();
        for (const trace::ExpertPlace& place : places) {
            list.push_back({place.layer, place.expert});
        }
        return list;
    };
    Json biases = Json::array();
    for (const trace::ExpertBias& bias : intervention.biases) {
        biases.push_back({bias.place.layer, bias.place.expert, bias.bias});
    }
    return {{"ban", listed(intervention.banned)},
            {"force", listed(intervention.forced)},
            {"bias", biases},
            {"no_shared", intervention.without_shared},
            {"experts_used", intervention.experts_used == 0 ? Json() : Json(intervention.experts_used)}};
}

Json makeMeta(const inference::Engine& engine, const fs::path& path, const std::vector<int32_t>& tokens,
              const trace::Intervention& intervention) {
    Json texts = Json::array();
    for (const int32_t token : tokens) {
        texts.push_back(engine.tokenizer().decode(token));
    }
    Json layers = Json::array();
    for (uint32_t layer = 0; layer < engine.config().block_count; ++layer) {
        if (engine.config().isMoe(layer)) {
            layers.push_back(layer);
        }
    }
    Json types = Json::object();
    for (const auto& [type, use] : engine.model().quantization) {
        types[type] = use.tensors;
    }
    return {{"model", {{"file_name", engine.model().file_name}, {"sha256", modelSha256(path)}}},
            {"device", engine.device().name},
            {"driver", engine.device().driver},
            {"versions", {{"moescope", MOESCOPE_VERSION}, {"vulkan", engine.device().api_version}}},
            {"tokens", tokens},
            {"texts", texts},
            {"moe_layers", layers},
            {"types", {{"weights", types}, {"kv", engine.memory().kv_type}}},
            {"intervention", toJson(intervention)}};
}

/** A folder that is gone again if nothing got into it. */
class OutputFolder {
public:
    explicit OutputFolder(const fs::path& path) : m_path(path) {
        std::error_code error;
        m_made = fs::create_directories(path, error);
        if (error || !fs::is_directory(path)) {
            throw trace::Error(
                "cli.folder", "The folder “{folder}” cannot be made: {reason}.",
                {{"folder", platform::toUtf8(path)}, {"reason", error ? error.message() : "a file is in its place"}});
        }
    }
    ~OutputFolder() {
        std::error_code not_empty;
        if (m_made) {
            fs::remove(m_path, not_empty);
        }
    }
    OutputFolder(const OutputFolder&) = delete;
    OutputFolder& operator=(const OutputFolder&) = delete;

private:
    fs::path m_path;
    bool m_made = false;
};

void traceTokens(const Options& options) {
    const platform::InterruptScope interrupt;
    const Log log(options.output.verbose);
    LoadRequest load{options.model, options.device, options.kv};
    load.variants = options.variants;
    std::vector<int32_t> tokens;
    {
        const OpenModel model(options.model);
        trace::checkIntervention(options.intervention, model.info);
        tokens = parseTokens(options.tokens, model.tokenizer);
        load.context = chooseContext(model.info.context_length, std::nullopt, tokens.size(), 0);
    }
    const auto engine = loadEngine(load, log);
    const fs::path folder = platform::fromUtf8(options.folder);
    const OutputFolder made(folder);
    const Replacement replacement(folder / "meta.json");
    TraceFiles files(folder, options, *engine, tokens.size());
    inference::EvaluateOptions request;
    request.logits = options.logits == "all"    ? inference::LogitRows::All
                     : options.logits == "last" ? inference::LogitRows::Last
                                                : inference::LogitRows::None;
    request.router = true;
    request.router_probs = options.probs;
    request.hidden = options.hidden;
    request.intervention = options.intervention;
    request.cancel = &platform::InterruptScope::flag();
    ProgressBar bar("Tracing");
    engine->evaluate(tokens, request, [&](const inference::EvaluateBatch& batch) {
        files.append(batch);
        bar.update(batch.first + batch.count, tokens.size());
    });
    throwIfInterrupted();
    files.commit(makeMeta(*engine, modelFile(options.model), tokens, options.intervention));
    if (options.output.json) {
        printJson({{"out", options.folder}, {"tokens", tokens.size()}, {"moe_layers", engine->model().moeLayers()}});
    } else {
        printForeign(trace::grouped(tokens.size()) + " tokens traced into “" + options.folder + "”.\n");
    }
    replacement.say(options.output);
}

} // namespace

void addTrace(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("trace", "Write what happens inside for given tokens, as .npy files");
    addModel(*command, options->model);
    command->add_option("--tokens", options->tokens, "Token ids, exactly as given")->required();
    command->add_option("--out", options->folder, "Folder for the files")->required();
    command->add_option("--logits", options->logits, "Write logits of all tokens or of the last")
        ->check(CLI::Validator(
            [](std::string& text) {
                return text == "all" || text == "last" ? std::string() : "“" + text + "” is neither “all” nor “last”";
            },
            "all|last"));
    command->add_flag("--probs", options->probs, "Write the router's probabilities of all experts");
    command->add_flag("--hidden", options->hidden, "Write the residual stream after each layer");
    addIntervention(*command, options->intervention);
    addKv(*command, options->kv);
    addVariants(*command, options->variants);
    addDevice(*command, options->device);
    addOutput(*command, options->output);
    setAction(*command, action, options, traceTokens);
}

} // namespace moescope::cli
