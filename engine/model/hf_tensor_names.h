// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace moescope::model {

/** What of a tensor of the folder is taken. R and W: rows and width of the GGUF tensor (of one expert). */
enum class Take : uint8_t {
    All,         ///< [R, W], or [W]; of stacked experts [E, R, W]
    PlusOne,     ///< [W]; norms that are stored as what is added to 1
    Row,         ///< [1, W] as [W]
    Heads,       ///< [R, W], or [W]: rows of heads, in the family's order of rotation
    FirstHalf,   ///< of [2R, W] or [E, 2R, W]
    SecondHalf,  ///< likewise
    GroupQ,      ///< of rows that hold, for each key head, its queries, one key and one value
    GroupK,      ///< likewise
    GroupV,      ///< likewise
    Transposed,  ///< [E, W, R]
    EvenColumns, ///< of [E, W, 2R]
    OddColumns,  ///< likewise
    EvenWeights, ///< of [R, 2W]
    OddWeights,  ///< likewise
    EvenRows,    ///< of [E, 2R, W]
    OddRows,     ///< likewise
};

inline constexpr std::string_view mxfp4Blocks = "_blocks";
inline constexpr std::string_view mxfp4Scales = "_scales"; ///< in place of mxfp4Blocks

/** Where a tensor comes from. Names are without "blk.N." and "model.layers.N."; "*" in `hf` stands for the expert. What
 *  ends in mxfp4Blocks holds the nibbles of [E, R, W] as [E, R, W / 32, 16]; its scales [E, R, W / 32] lie beside it. */
struct TensorOrigin {
    std::string_view gguf;
    std::string_view hf;
    Take take = Take::All;
};

/** The forms in which folders hold a tensor of a layer, best first; none if it has no place in the architecture. */
std::vector<TensorOrigin> tensorOrigins(std::string_view architecture, std::string_view gguf);

} // namespace moescope::model
