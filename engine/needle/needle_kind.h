// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace moescope::needle {

/** The tasks of RULER (Hsieh et al. 2024, arXiv 2404.06654), in our own wording. */
enum class NeedleKind {
    Single,     ///< one fact in the text
    MultiKey,   ///< one fact, and three of the same form about other things
    MultiValue, ///< four facts about one thing, one after the other
    MultiQuery, ///< four facts about four things, and a question about each
    VarTrack,   ///< two chains of assignments; every variable of one of them
    FreqWords,  ///< a text of made-up words; the three that occur most often
};
inline constexpr std::array needleKinds = {NeedleKind::Single,     NeedleKind::MultiKey, NeedleKind::MultiValue,
                                           NeedleKind::MultiQuery, NeedleKind::VarTrack, NeedleKind::FreqWords};

/** “single”, “multikey”… */
std::string_view kindName(NeedleKind kind);
/** Throws trace::Error{needle.kind}. */
NeedleKind parseKind(std::string_view name);

/** False: what is looked for is all over the text. */
bool hasDepth(NeedleKind kind);
/** Tokens that an answer may take. */
uint32_t answerTokens(NeedleKind kind);

} // namespace moescope::needle
