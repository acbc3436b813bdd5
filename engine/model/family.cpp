// SPDX-License-Identifier: Apache-2.0
#include "engine/model/family.h"

#include <array>

namespace moescope::model {
namespace {

constexpr std::array families{
    Family{"hunyuan-large", NormStyle::Rms, RopeStyle::NeoX, QkNormPlace::AfterRope, Gating::SoftmaxThenSelect,
           Renormalise::WhenSeveral, true, true},
    Family{"hunyuan-moe", NormStyle::Rms, RopeStyle::NeoX, QkNormPlace::AfterRope, Gating::SoftmaxThenSelect,
           Renormalise::Always, true, false},
    Family{"hunyuan-dense", NormStyle::Rms, RopeStyle::NeoX, QkNormPlace::AfterRope, Gating::SoftmaxThenSelect,
           Renormalise::WhenSeveral, false, false},
};

} // namespace

const Family* findFamily(std::string_view architecture) {
    for (const Family& family : families) {
        if (family.architecture == architecture) {
            return &family;
        }
    }
    return nullptr;
}

std::string_view familyNames() { return "“hunyuan-large”, “hunyuan-moe” and “hunyuan-dense”"; }

} // namespace moescope::model
