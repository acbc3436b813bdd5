// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/input.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/gguf/reader.h"
#include "engine/model/model_config.h"
#include "engine/trace/error.h"

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
    std::string model = "builtin";
};

void printFacts(const trace::ModelInfo& m) {
    std::vector<std::vector<std::string>> rows{
        {"Name", m.name},
        {"Architecture", m.architecture},
        {"Parameters",
         trace::grouped(m.parameters) + ", " + trace::grouped(m.active_parameters) + " work on one token"},
        {"Layers", trace::grouped(m.block_count)},
        {"Width", trace::grouped(m.embedding_length)},
        {"Heads", trace::grouped(m.head_count) + " of " + trace::grouped(m.head_dim) + ", " +
                      trace::grouped(m.head_count_kv) + " for keys and values"},
        {"Experts", trace::grouped(m.expert_count) + " routed, " + trace::grouped(m.expert_used_count) + " used, " +
                        trace::grouped(m.expert_shared_count) + " shared, width " +
                        trace::grouped(m.expert_feed_forward_length)},
        {"Layers that share one KV cache", trace::grouped(m.cla_share_factor)},
        {"Context", trace::grouped(m.context_length) + " tokens"},
        {"Vocabulary", trace::grouped(m.vocab_size) + " tokens, " + m.tokenizer},
        {"Chat template", m.chat_template.empty() ? "none" : trace::grouped(m.chat_template.size()) + " characters"},
        {"Licence", m.license.empty() ? "not stated" : m.license},
        {"File", trace::bytesText(m.file_bytes) + (m.synthetic ? ", random weights" : "")}};
    for (const auto& [type, use] : m.quantization) {
        rows.push_back({"  " + type, trace::grouped(use.tensors) + " tensors, " + trace::bytesText(use.bytes)});
    }
    printTable(rows);
}

void info(const Options& options) {
    const gguf::Reader file(modelFile(options.model));
    const trace::ModelInfo m = model::readInfo(file);
    if (!options.output.json) {
        printFacts(m);
        return;
    }
    Json quantization = Json::object();
    for (const auto& [type, use] : m.quantization) {
        quantization[type] = {{"tensors", use.tensors}, {"bytes", use.bytes}};
    }
    printJson({{"architecture", m.architecture},
               {"name", m.name},
               {"parameters", m.parameters},
               {"active_parameters", m.active_parameters},
               {"block_count", m.block_count},
               {"embedding_length", m.embedding_length},
               {"head_count", m.head_count},
               {"head_count_kv", m.head_count_kv},
               {"head_dim", m.head_dim},
               {"expert_count", m.expert_count},
               {"expert_used_count", m.expert_used_count},
               {"expert_shared_count", m.expert_shared_count},
               {"expert_feed_forward_length", m.expert_feed_forward_length},
               {"cla_share_factor", m.cla_share_factor},
               {"context_length", m.context_length},
               {"vocab_size", m.vocab_size},
               {"tokenizer", m.tokenizer},
               {"chat_template", m.chat_template},
               {"quantization", quantization},
               {"file_bytes", m.file_bytes},
               {"license", m.license}});
}

} // namespace

void addInfo(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("info", "Say what a model file holds");
    addModel(*command, options->model, "-m,--model,model");
    addOutput(*command, options->output);
    setAction(*command, action, options, info);
}

} // namespace moescope::cli
