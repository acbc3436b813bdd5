// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/variants.h"

#include "engine/model/name_list.h"
#include "engine/trace/error.h"

#include <array>
#include <utility>

namespace moescope::inference {

namespace {

struct Known {
    std::string_view name;
    std::optional<bool> Variants::*variant;
};
constexpr std::array known{Known{"texels", &Variants::texels},     Known{"threads", &Variants::threads},
                           Known{"sampling", &Variants::sampling}, Known{"whole_steps", &Variants::whole_steps},
                           Known{"tuning", &Variants::tuning},     Known{"integer_dot", &Variants::integer_dot},
                           Known{"coopmat", &Variants::coopmat}};

} // namespace

void checkExclusive(const Variants& variants) {
    const char* asked = nullptr;
    for (const auto& [name, wish] :
         {std::pair{"texels", variants.texels}, {"integer_dot", variants.integer_dot}, {"coopmat", variants.coopmat}}) {
        if (!wish.value_or(false)) {
            continue;
        }
        if (asked != nullptr) {
            throw trace::Error("variant.pair",
                               "The variants “{first}” and “{second}” exclude each other: each is another way to "
                               "multiply a batch.",
                               {{"first", asked}, {"second", name}});
        }
        asked = name;
    }
}

Variants variantsFor(Variants variants, trace::KvType kv) {
    if (kv == trace::KvType::F32) {
        variants.integer_dot = variants.integer_dot.value_or(false);
        variants.coopmat = variants.coopmat.value_or(false);
    }
    return variants;
}

std::vector<std::string> variantList() {
    std::vector<std::string> names;
    for (const Known& one : known) {
        names.emplace_back(one.name);
    }
    return names;
}

std::string variantNames() { return model::nameList(known, &Known::name); }

void forceVariant(Variants& variants, std::string_view text) {
    const size_t split = text.find('=');
    const std::string_view name = text.substr(0, split);
    const std::string_view value = split == std::string_view::npos ? std::string_view() : text.substr(split + 1);
    for (const Known& one : known) {
        if (one.name != name) {
            continue;
        }
        if (value != "on" && value != "off") {
            throw trace::Error("variant.value",
                               "“{text}” is no choice for a variant; “{name}=on” and “{name}=off” are.",
                               {{"text", std::string(text)}, {"name", std::string(name)}});
        }
        variants.*one.variant = value == "on";
        return;
    }
    throw trace::Error("variant.name", "“{name}” is no variant; {known} are.",
                       {{"name", std::string(name)}, {"known", variantNames()}});
}

} // namespace moescope::inference
