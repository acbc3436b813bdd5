// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/archive.h"
#include "app/exchange/capture.h"

namespace moescope::exchange {

/** Sizes of the arrays that stand beside capture.json. */
struct TokenCounts {
    int tokens = 0; ///< computed prompt tokens and the answer's
    int layers = 0; ///< MoE layers; 0: no routing was recorded
    int experts = 0;
    int used = 0;
};

constexpr int formatVersion = 1;

/** capture.json: all but the tokens. */
QByteArray toJson(const Capture& capture, const TokenCounts& counts);

/** Checks every value before it is taken. Throws Error{exchange.damaged}, exchange.version of a newer format,
 *  exchange.value with the name of a value that is missing, of another type or out of range. */
std::pair<Capture, TokenCounts> fromJson(const QByteArray& json, const Source& source);

} // namespace moescope::exchange
