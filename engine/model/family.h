// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace moescope::model {

enum class NormStyle : uint8_t { Rms };
enum class RopeStyle : uint8_t { NeoX };           ///< pairs (j, j + d/2)
enum class QkNormPlace : uint8_t { AfterRope };    ///< where the file has the two norms
enum class Gating : uint8_t { SoftmaxThenSelect }; ///< softmax over all experts, then the best k
enum class Renormalise : uint8_t { Always, WhenSeveral };

/** What tells one architecture from another: a row of data, not a forward pass of its own. */
struct Family {
    std::string_view architecture;
    NormStyle norm;
    RopeStyle rope;
    QkNormPlace qk_norm;
    Gating gating;
    Renormalise renormalise; ///< where {a}.expert_weights_norm is absent
    bool has_experts;
    bool shares_kv; ///< cross-layer attention may be on
};

/** nullptr if it is not known. */
const Family* findFamily(std::string_view architecture);
/** "“hunyuan-large”, … and “hunyuan-dense”". */
std::string_view familyNames();

} // namespace moescope::model
