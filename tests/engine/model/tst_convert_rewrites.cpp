// SPDX-License-Identifier: Apache-2.0
// The same model in the other forms that releases and other programs store it in: all must give the same file.
#include "tests/engine/model/model_files.h"

using namespace moescope;
using namespace moescope::tests;
using gguf::TensorType;

namespace {

std::string layer(size_t i, const std::string& rest) { return "model.layers." + std::to_string(i) + "." + rest; }

Weights::Tensor taken(Weights& weights, const std::string& name) {
    const Weights::Tensor tensor = weights.tensors.at(name);
    weights.tensors.erase(name);
    return tensor;
}

/** large_like: 4 query heads, 2 key heads of 16, rows of 64 weights of two bytes. */
void fuseQkv(Weights& weights) {
    constexpr size_t head = size_t{16} * 64 * 2;
    for (const size_t i : {0, 2}) { // the layers that own a cache
        const Weights::Tensor q = taken(weights, layer(i, "self_attn.q_proj.weight"));
        const Weights::Tensor k = taken(weights, layer(i, "self_attn.k_proj.weight"));
        const Weights::Tensor v = taken(weights, layer(i, "self_attn.v_proj.weight"));
        std::string bytes;
        for (size_t kv = 0; kv < 2; ++kv) {
            bytes += q.bytes.substr(kv * 2 * head, 2 * head);
            bytes += k.bytes.substr(kv * head, head);
            bytes += v.bytes.substr(kv * head, head);
        }
        weights.tensors[layer(i, "self_attn.qkv_proj.weight")] = {q.dtype, {128, 64}, bytes};
    }
}

void fuseGateAndUp(Weights& weights) {
    for (size_t i = 0; i < 4; ++i) {
        std::vector<std::string> places{"mlp.shared_mlp."};
        for (size_t e = 0; e < 8; ++e) {
            places.push_back("mlp.experts." + std::to_string(e) + ".");
        }
        for (const std::string& place : places) {
            const Weights::Tensor gate = taken(weights, layer(i, place + "gate_proj.weight"));
            const Weights::Tensor up = taken(weights, layer(i, place + "up_proj.weight"));
            weights.tensors[layer(i, place + "gate_and_up_proj.weight")] = {
                gate.dtype, {96, 64}, up.bytes + gate.bytes};
        }
    }
}

void nameRoutersAsBefore(Weights& weights) {
    for (size_t i = 0; i < 4; ++i) {
        weights.tensors[layer(i, "mlp.gate.weight")] = taken(weights, layer(i, "mlp.gate.wg.weight"));
    }
}

class Rewrites : public testing::TestWithParam<TensorType> {
protected:
    Rewrites() : folder(copyGolden("large_like", scratch)), weights(Weights::load(folder / "model.safetensors")) {}

    std::string original() { return readBytes(converted(golden("large_like"), scratch, GetParam(), "original.gguf")); }

    void expectTheSame() {
        const std::string bytes = readBytes(converted(folder, scratch, GetParam()));
        EXPECT_TRUE(bytes == original()) << bytes.size();
    }

    Scratch scratch;
    Path folder;
    Weights weights;
};

} // namespace

TEST_P(Rewrites, ThreeShardsWithAnIndex) {
    std::filesystem::remove(folder / "model.safetensors");
    weights.saveShards(folder, 3);
    expectTheSame();
}

TEST_P(Rewrites, FusedQueriesKeysAndValues) {
    fuseQkv(weights);
    weights.save(folder / "model.safetensors");
    expectTheSame();
}

TEST_P(Rewrites, FusedGateAndUp) {
    fuseGateAndUp(weights);
    weights.save(folder / "model.safetensors");
    expectTheSame();
}

TEST_P(Rewrites, LegacyRouterName) {
    nameRoutersAsBefore(weights);
    weights.save(folder / "model.safetensors");
    expectTheSame();
}

TEST_P(Rewrites, AllAtOnceWithTensorsThatAreIgnored) {
    fuseQkv(weights);
    fuseGateAndUp(weights);
    nameRoutersAsBefore(weights);
    weights.tensors[layer(0, "self_attn.rotary_emb.inv_freq")] = {"F32", {8}, std::string(32, '\0')};
    weights.tensors["lm_head.weight"] = weights.tensors.at("model.embed_tokens.weight"); // tied: not needed
    std::filesystem::remove(folder / "model.safetensors");
    weights.saveShards(folder, 3);
    expectTheSame();
}

TEST_P(Rewrites, PairsOfMerges) {
    editJson(folder / "tokenizer.json", [](Json& tokenizer) {
        for (Json& merge : tokenizer["model"]["merges"]) {
            const auto text = merge.get<std::string>();
            const size_t space = text.find(' ');
            merge = Json::array({text.substr(0, space), text.substr(space + 1)});
        }
    });
    expectTheSame();
}

TEST_P(Rewrites, GateBeforeUpWouldBeAnotherModel) {
    fuseGateAndUp(weights);
    std::string& bytes = weights.tensors.at(layer(1, "mlp.experts.3.gate_and_up_proj.weight")).bytes;
    bytes = bytes.substr(bytes.size() / 2) + bytes.substr(0, bytes.size() / 2);
    weights.save(folder / "model.safetensors");
    EXPECT_FALSE(readBytes(converted(folder, scratch, GetParam())) == original());
}

INSTANTIATE_TEST_SUITE_P(Types, Rewrites, testing::Values(TensorType::F32, TensorType::BF16, TensorType::Q8_0),
                         [](const auto& types) { return std::string(gguf::typeName(types.param)); });
