// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_tensors.h"

#include "engine/model/hf_tensor_names.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <set>

namespace moescope::model {

using trace::Error;

namespace {

bool isIgnorable(std::string_view name, const ModelConfig& config) {
    return name.ends_with("rotary_emb.inv_freq") || name.ends_with("cos_cached") || name.ends_with("sin_cached") ||
           (name == "lm_head.weight" && config.tied_embeddings);
}

/** Of a model that sees pictures too, outside of its language. */
bool isOfPictures(std::string_view name) {
    if (name.starts_with("model.")) {
        name.remove_prefix(std::string_view("model.").size());
    }
    return name.starts_with("vision_tower.") || name.starts_with("multi_modal_projector.");
}

std::string withExpert(std::string_view name, uint32_t expert) {
    const size_t star = name.find('*');
    return star == std::string_view::npos
               ? std::string(name)
               : std::string(name.substr(0, star)) + std::to_string(expert) + std::string(name.substr(star + 1));
}

/** Rows, width and number of a tensor's matrices; a vector is one row. */
struct Extent {
    uint64_t width = 0;
    uint64_t rows = 1;
    uint64_t matrices = 1;
    size_t dimensions = 1;
};

class Mapper {
public:
    Mapper(const HfModel& model, const WeightFolder& weights)
        : m_model(model), m_config(model.config), m_weights(weights), m_prefix(textPrefix(weights)) {}

    TensorSource map(const ExpectedTensor& expected) {
        TensorSource source{expected, {}, {}};
        m_target = &source;
        if (const auto computed = m_model.computed.find(expected.name); computed != m_model.computed.end()) {
            source.values = computed->second;
            return source;
        }
        std::string_view name = expected.name;
        std::string prefix = m_prefix;
        if (name.starts_with("blk.")) {
            name.remove_prefix(std::string_view("blk.").size());
            const size_t dot = name.find('.');
            prefix += "layers." + std::string(name.substr(0, dot)) + ".";
            name.remove_prefix(dot + 1);
        }
        if (name == "output.weight") {
            take(use("lm_head.weight", shapeOf(Take::All, extent(false))), Take::All, extent(false));
        } else {
            mapNamed(prefix, name);
        }
        return source;
    }

    /** Returns how many tensors of pictures were passed over. */
    uint64_t refuseLeftOver() const {
        uint64_t pictures = 0;
        for (const auto& [name, tensor] : m_weights.tensors()) {
            if (m_used.contains(tensor) || isIgnorable(name, m_config)) {
                continue;
            }
            if (m_prefix == "model." || !isOfPictures(name)) {
                throw Error("hf.tensor_unknown",
                            "The tensor “{tensor}” has no place in a model of this config.json, so the "
                            "model would not compute what it was trained to.",
                            {{"tensor", shortened(name)}});
            }
            ++pictures;
        }
        return pictures;
    }

private:
    void mapNamed(const std::string& prefix, std::string_view name) {
        const std::vector<TensorOrigin> origins = tensorOrigins(m_config.architecture, name);
        if (origins.empty()) {
            throw std::logic_error("no origin of the tensor " + m_target->expected.name);
        }
        // An expert that has a tensor of its own may be in another form than its neighbours.
        for (uint32_t expert = 0; expert < std::max(1U, m_config.expert_count); ++expert) {
            const auto found = std::find_if(origins.begin(), origins.end(), [&](const TensorOrigin& origin) {
                return m_weights.find(prefix + withExpert(origin.hf, expert)) != nullptr;
            });
            const TensorOrigin& origin = found == origins.end() ? origins.front() : *found;
            const bool each = origin.hf.find('*') != std::string_view::npos;
            const Extent size = extent(each);
            if (!each && expert > 0) {
                throw Error("hf.mixed_experts",
                            "Expert {expert} has no tensor of its own for “{tensor}” as those before it have, but a "
                            "share of “{stack}”.",
                            {{"expert", std::to_string(expert)},
                             {"tensor", m_target->expected.name},
                             {"stack", prefix + std::string(origin.hf)}});
            }
            take(use(prefix + withExpert(origin.hf, expert), shapeOf(origin.take, size)), origin.take, size);
            if (!each) {
                break;
            }
        }
    }

    Extent extent(bool oneExpert) const {
        const std::vector<uint64_t>& shape = m_target->expected.shape;
        Extent size{shape[0], shape.size() > 1 ? shape[1] : 1, shape.size() > 2 ? shape[2] : 1, shape.size()};
        if (oneExpert) {
            size.matrices = 1;
            size.dimensions = 2;
        }
        return size;
    }

    /** Shape of the tensor of the folder, its rows' length last. */
    std::vector<uint64_t> shapeOf(Take take, const Extent& size) const {
        std::vector<uint64_t> shape;
        if (size.dimensions > 2) {
            shape.push_back(size.matrices);
        }
        const uint64_t group = m_config.head_count / m_config.head_count_kv + 2;
        switch (take) {
        case Take::All:
        case Take::PlusOne:
        case Take::Heads: break;
        case Take::Row: return {1, size.width};
        case Take::EvenRows:
        case Take::OddRows:
        case Take::FirstHalf:
        case Take::SecondHalf: shape.insert(shape.end(), {2 * size.rows, size.width}); return shape;
        case Take::GroupQ:
        case Take::GroupK:
        case Take::GroupV: return {group * m_config.head_dim * m_config.head_count_kv, size.width};
        case Take::Transposed: shape.insert(shape.end(), {size.width, size.rows}); return shape;
        case Take::EvenColumns:
        case Take::OddColumns: shape.insert(shape.end(), {size.width, 2 * size.rows}); return shape;
        case Take::EvenWeights:
        case Take::OddWeights: return {size.rows, 2 * size.width};
        }
        if (size.dimensions > 1) {
            shape.push_back(size.rows);
        }
        shape.push_back(size.width);
        return shape;
    }

    void take(const SafeTensor& tensor, Take take, const Extent& size) {
        const uint64_t weights = size.rows * size.width;
        RowRun run{.tensor = &tensor,
                   .scales = scalesOf(tensor),
                   .rows = size.rows,
                   .width = size.width,
                   .row_step = size.width};
        uint64_t matrixStep = weights;
        switch (take) {
        case Take::All:
        case Take::Row: break;
        case Take::PlusOne: run.plus = 1; break;
        case Take::Heads: turnHeads(run, size); break;
        case Take::FirstHalf:
        case Take::SecondHalf:
            matrixStep = 2 * weights;
            run.first = take == Take::SecondHalf ? weights : 0;
            break;
        case Take::GroupQ:
        case Take::GroupK:
        case Take::GroupV: takeGroups(run, take); return;
        case Take::Transposed:
            run.row_step = 1;
            run.weight_step = size.rows;
            break;
        case Take::EvenColumns:
        case Take::OddColumns:
            matrixStep = 2 * weights;
            run.first = take == Take::OddColumns ? 1 : 0;
            run.row_step = 2;
            run.weight_step = 2 * size.rows;
            break;
        case Take::EvenWeights:
        case Take::OddWeights:
            run.first = take == Take::OddWeights ? 1 : 0;
            run.row_step = 2 * size.width;
            run.weight_step = 2;
            break;
        case Take::EvenRows:
        case Take::OddRows:
            matrixStep = 2 * weights;
            run.first = take == Take::OddRows ? size.width : 0;
            run.row_step = 2 * size.width;
            break;
        }
        for (uint64_t matrix = 0; matrix < size.matrices; ++matrix) {
            m_target->runs.push_back(run);
            run.first += matrixStep;
        }
    }

    /** A bias has one weight a row. */
    void turnHeads(RowRun& run, const Extent& size) const {
        if (m_config.rope_style != RopeStyle::Interleaved) {
            return;
        }
        if (size.dimensions == 1) {
            run.rows = size.width;
            run.width = 1;
            run.row_step = 1;
        }
        run.head = m_config.head_dim;
    }

    void takeGroups(RowRun run, Take take) {
        const uint64_t queries = m_config.head_count / m_config.head_count_kv * m_config.head_dim;
        const uint64_t d = m_config.head_dim;
        const uint64_t begin = take == Take::GroupQ ? 0 : take == Take::GroupK ? queries : queries + d;
        run.rows = take == Take::GroupQ ? queries : d;
        for (uint64_t kv = 0; kv < m_config.head_count_kv; ++kv) {
            run.first = (kv * (queries + 2 * d) + begin) * run.width;
            m_target->runs.push_back(run);
        }
    }

    /** `shape`: of its weights, however they are stored. */
    const SafeTensor& use(const std::string& name, std::vector<uint64_t> shape) {
        const bool blocks = name.ends_with(mxfp4Blocks);
        if (!blocks && m_weights.find(name) == nullptr && m_weights.find(name + std::string(mxfp4Blocks)) != nullptr) {
            throw Error("hf.mxfp4",
                        "The tensor “{tensor}” is stored as MXFP4, which is known of the experts of gpt-oss alone; "
                        "convert the folder with BF16 weights instead.",
                        {{"tensor", name + std::string(mxfp4Blocks)}});
        }
        if (!blocks) {
            return checked(name, shape, false);
        }
        if (shape.back() % mxfp4Weights != 0) {
            throw Error(
                "hf.mxfp4",
                "The tensor “{tensor}” is stored as MXFP4, in blocks of {block} weights, but config.json asks "
                "for rows of {width}.",
                {{"tensor", name}, {"block", std::to_string(mxfp4Weights)}, {"width", std::to_string(shape.back())}});
        }
        shape.back() /= mxfp4Weights;
        checked(scalesName(name), shape, true);
        shape.push_back(mxfp4Nibbles);
        return checked(name, shape, true);
    }

    /** `bytes`: whether the tensor must hold bytes and not numbers. */
    const SafeTensor& checked(const std::string& name, const std::vector<uint64_t>& shape, bool bytes) {
        const SafeTensor* tensor = m_weights.find(name);
        if (tensor == nullptr) {
            throw Error("hf.tensor_missing", "The folder has no tensor “{tensor}”.", {{"tensor", name}});
        }
        if (tensor->shape != shape) {
            throw Error(
                "hf.tensor_shape", "The tensor “{tensor}” is {found}, but config.json asks for {expected}.",
                {{"tensor", tensor->name}, {"found", shapeText(tensor->shape)}, {"expected", shapeText(shape)}});
        }
        const bool isBytes = tensor->type == SafeType::U8;
        if (bytes ? !isBytes : isBytes || tensor->type == SafeType::Other) {
            throw Error("hf.tensor_type", "The tensor “{tensor}” is of type {type}; {known} can be converted.",
                        {{"tensor", tensor->name},
                         {"type", tensor->type_name},
                         {"known", bytes ? "here only U8" : "F32, F16 and BF16"}});
        }
        m_used.insert(tensor);
        return *tensor;
    }

    static std::string scalesName(std::string_view blocks) {
        blocks.remove_suffix(mxfp4Blocks.size());
        return std::string(blocks) + std::string(mxfp4Scales);
    }

    /** nullptr if the tensor is no MXFP4. */
    const SafeTensor* scalesOf(const SafeTensor& tensor) const {
        return tensor.type == SafeType::U8 ? m_weights.find(scalesName(tensor.name)) : nullptr;
    }

    const HfModel& m_model;
    const ModelConfig& m_config;
    const WeightFolder& m_weights;
    std::string m_prefix; ///< of the language
    TensorSource* m_target = nullptr;
    std::set<const SafeTensor*> m_used;
};

} // namespace

std::vector<TensorSource> mapTensors(const HfModel& model, const WeightFolder& weights,
                                     std::vector<std::string>& warnings) {
    Mapper mapper(model, weights);
    std::vector<TensorSource> sources;
    for (const ExpectedTensor& expected : expectedTensors(model.config)) {
        sources.push_back(mapper.map(expected));
    }
    if (const uint64_t pictures = mapper.refuseLeftOver(); pictures > 0) {
        warnings.push_back(trace::fillIn("{count} tensors that see pictures are left out: the model reads text alone.",
                                         {{"count", trace::grouped(pictures)}}));
    }
    return sources;
}

} // namespace moescope::model
